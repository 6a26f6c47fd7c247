/** Fails, and says why, if no emulator can be started here. */
import { canStartEmulator } from './emulator.ts';

const reason = await canStartEmulator();
if (reason !== undefined) {
  console.error(reason);
  process.exitCode = 1;
}
