/** Can be planned, and not loaded in a function. */
import { delays } from './delays.ts';

if (process.env.MILLRACE_VERTEX !== undefined) throw new Error('This version does not load.');

export default delays();
