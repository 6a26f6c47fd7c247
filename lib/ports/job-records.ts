/** Small records of jobs that several writers change: runs, lineage, checkpoints. Changes are conditional. */
export interface JobRecords {
  get(key: string): Promise<JobRecord | undefined>;
  /** False if the key exists. */
  create(key: string, value: unknown): Promise<boolean>;
  /** Replaces the value iff its revision is still `revision`; false if it is not. */
  update(key: string, revision: number, value: unknown): Promise<boolean>;
  /** Records whose keys begin with `prefix`, in order of their keys. */
  list(prefix: string): Promise<readonly JobRecord[]>;
}

export interface JobRecord {
  readonly key: string;
  /** From 1, one more with every update. */
  readonly revision: number;
  /** Plain JSON data. */
  readonly value: unknown;
}
