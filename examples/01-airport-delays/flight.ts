import { z } from 'zod';

/** One flight as it was reported: scheduled departure, delay in minutes, distance in miles. */
export const Flight = z.object({
  date: z.iso.datetime(),
  delay: z.number(),
  distance: z.number(),
  origin: z.string(),
  destination: z.string(),
});

export type Flight = z.infer<typeof Flight>;
