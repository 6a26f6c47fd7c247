/** Only the code differs from that of the example. */
import { delays } from './delays.ts';

export default delays();
