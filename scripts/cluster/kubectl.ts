import { execFile } from 'node:child_process';

/** Runs kubectl and answers what it printed; what it complains of is the error. `input` becomes its standard input. */
export type Kubectl = (args: string[], input?: string) => Promise<string>;

export function createKubectl({ program, kubeconfig }: { program: string; kubeconfig: string }): Kubectl {
  const options = { env: { ...process.env, KUBECONFIG: kubeconfig }, maxBuffer: 64 * 1024 * 1024 };
  return (args, input = '') =>
    new Promise((resolve, reject) => {
      const child = execFile(program, args, options, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`)),
      );
      child.stdin?.end(input);
    });
}
