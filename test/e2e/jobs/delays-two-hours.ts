/** Windows of another size under the uid of the former ones, whose state they cannot read. */
import { delays } from './delays.ts';

export default delays({ windowHours: 2, counts: {} });
