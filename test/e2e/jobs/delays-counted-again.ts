/** Only the code differs. */
import { delays } from './delays.ts';

export default delays({ counts: {} });
