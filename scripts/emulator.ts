/**
 * `npm run emulator [-- --port P]`: the emulator of the end-to-end tests, empty, until it is interrupted. Its
 * mappings are mended: those of the stock one lose records.
 */
import { once } from 'node:events';
import { startEmulator } from '../test/e2e/emulator/emulator.ts';
import { readFlags, wholeNumber } from './flags.ts';

const PORT = '4566';

const { port } = readFlags({ port: { type: 'string', default: PORT } });
const emulator = await startEmulator({ port: wholeNumber('port', port) });
const env = Object.entries(emulator.env).map(([name, value]) => `${name}=${value}`);
console.log(`Ready; its log is ${emulator.logFile}. In another shell:\n\nexport ${env.join(' ')}\n`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await emulator.stop();
