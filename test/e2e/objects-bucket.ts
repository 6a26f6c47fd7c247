/** A bucket that is there before the stack that reads it. */
export const OBJECTS_BUCKET = 'millrace-e2e-objects';
