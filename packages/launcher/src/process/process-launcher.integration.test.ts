import { describeLauncher } from '../conformance.ts';
import { openProcessHarness } from './process-harness.ts';

describeLauncher('the process launcher', openProcessHarness);
