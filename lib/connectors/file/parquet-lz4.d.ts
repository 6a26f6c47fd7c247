/** The one file of hyparquet-compressors that is needed: its entry brings a dictionary for Brotli too. */
declare module 'hyparquet-compressors/src/lz4.js' {
  export { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors';
}
