// Preloaded by every npm script (`node --import`): a Node too old to strip types fails at the entry file
// itself.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Millrace needs Node 24 or newer but this is ${process.version}: run \`npm ci\` in the checkout, ` +
      'then use `npm run …`, which brings its own Node.',
  );
  process.exit(1);
}
