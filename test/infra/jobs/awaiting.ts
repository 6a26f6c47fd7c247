import { defineJob } from 'millrace';

await Promise.resolve();

export default defineJob('awaiting', () => {});
