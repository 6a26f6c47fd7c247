/** Windows of another size as another operator. */
import { delays } from './delays.ts';

export default delays({ windowHours: 2, windowUid: 'two-hourly-delay', counts: {} });
