/** Can be loaded, and has an operator that cannot be opened. */
import { delays } from './delays.ts';

export default delays({ counts: { failure: 'This version does not open.' } });
