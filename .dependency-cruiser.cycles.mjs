// No import cycles, type imports included. Its own run because lazy imports are left out: api reaches
// local by import() although local imports api, and the cruiser names only one cycle for each import.
import arrows from './.dependency-cruiser.mjs';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Zero import cycles, type imports included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...arrows.options, exclude: { dynamic: true } },
};
