/**
 * Disables the event source mappings of a run that has failed: every batch would fail, and be repeated.
 *
 * 1. It is done once a run and process: later sweeps ask and change nothing.
 * 2. A restore enables the mappings when the new run is there. One that came meanwhile is not left without
 *    its feed: who disables looks afterwards whether the failed run is still the job's.
 */
import { switchMappings } from '../lib/adapters/lambda/mapping-switch.ts';
import type { RunStatus } from '../lib/coordinator/job-tables.ts';
import type { DeployedCoordinator } from './deployed-coordinator.ts';
import { findCurrentRun } from './run-directory.ts';

export class FailedRunFeed {
  readonly #coordinator: DeployedCoordinator;
  /** The failed run whose mappings are disabled. */
  #disabledFor: string | undefined;
  /** Some may be disabled, and nobody has looked since. */
  #unsettled = false;

  constructor(coordinator: DeployedCoordinator) {
    this.#coordinator = coordinator;
  }

  /** Brings the mappings to what the status of the job's run asks for. */
  async follow(run: string, status: RunStatus): Promise<void> {
    if (status === 'FAILED' && this.#disabledFor !== run) {
      this.#unsettled = true;
      await this.#switch(false);
    }
    if (!this.#unsettled) return;
    const { ports, deployment } = this.#coordinator;
    const current = await findCurrentRun(ports.records, deployment.job);
    if (current?.status === 'RUNNING' || current?.status === 'CREATED') await this.#switch(true);
    this.#disabledFor = current?.status === 'FAILED' ? current.id : undefined;
    this.#unsettled = false;
  }

  async #switch(enabled: boolean): Promise<void> {
    const { lambda, mappings, ports } = this.#coordinator;
    await switchMappings({ lambda, clock: ports.clock }, mappings, enabled);
  }
}
