import { describeLauncher } from '../conformance.ts';
import { openKubernetesHarness } from '../testing/kubernetes-harness.ts';

describeLauncher('the Kubernetes launcher', openKubernetesHarness);
