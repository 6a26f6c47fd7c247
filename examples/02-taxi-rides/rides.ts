/** Generated taxi rides: ride i starts at minute i and ends, if its driver reports it, some minutes later. */

export interface RideEvent {
  readonly rideId: number;
  readonly driverId: number;
  readonly kind: 'start' | 'end';
  /** Unit: ms since the epoch. */
  readonly time: number;
}

const START = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

/** Minutes that a ride takes; every ninth driver forgets to report the end. */
function rideMinutes(rideId: number): number {
  return 10 + ((rideId * 37) % 170);
}

/** The events of `rides` rides in the order of their times. */
export function rideEvents(rides: number): readonly RideEvent[] {
  const events: RideEvent[] = [];
  for (let rideId = 0; rideId < rides; rideId++) {
    const time = START + rideId * MINUTE_MS;
    const ride = { rideId, driverId: rideId % 50 };
    events.push({ ...ride, kind: 'start', time });
    if (rideId % 9 !== 0) events.push({ ...ride, kind: 'end', time: time + rideMinutes(rideId) * MINUTE_MS });
  }
  return events.sort((a, b) => a.time - b.time);
}
