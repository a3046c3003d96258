/** How models are called on the Hugging Face Hub. */
const ON_THE_HUB = /^[\w.-]+\/[\w.-]+$/;

/** The end of a message about a model that is not here: how to bring it, where its name is one of the Hub. */
export function pullAdvice(model: string): string {
  if (!ON_THE_HUB.test(model)) return '';
  return ` \`capstan models pull ${model}\`, run where the API reads its models, brings it from the Hugging Face Hub.`;
}
