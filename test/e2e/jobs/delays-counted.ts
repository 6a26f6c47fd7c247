/** One operator more. */
import { delays } from './delays.ts';

export default delays({ counts: {} });
