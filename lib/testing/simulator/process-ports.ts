/** The ports of one process: calls go through the process, which may lose, repeat or die of them. */
import { RetryableError } from '../../core/errors.ts';
import type { LogItem } from '../../core/log/log-item.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import type { JobRecords } from '../../ports/job-records.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { OutgoingRecord, SendOutcome, StreamTransport } from '../../ports/stream-transport.ts';
import type { AppendResult, SubtaskLog } from '../../ports/subtask-log.ts';
import type { FaultMix } from './fault-mix.ts';
import type { LogService } from './log-service.ts';
import type { ObjectService } from './object-service.ts';
import type { SimulatedProcess } from './process.ts';
import type { RecordService } from './record-service.ts';
import { drawReordering } from './shard.ts';

/** The log as a process sees it; where `contends` holds, somebody else is faster. */
export function logOf(
  process: SimulatedProcess,
  service: LogService,
  contends: () => boolean = () => false,
): SubtaskLog {
  const read = <T>(what: string, effect: () => T, show?: (answer: T) => string) =>
    process.call({ what, kind: 'read', effect, ...(show && { show }) });
  return {
    ringSize: service.ringSize,
    append: (subtask, item) => {
      const kept = copyItem(item);
      return process.call({
        what: `append ${subtaskPath(subtask)} ${showItem(kept)}`,
        kind: 'write',
        effect: () => {
          if (contends()) service.contend(subtask);
          return copyResult(service.append(subtask, kept));
        },
        show: showAppend,
      });
    },
    readSlot: (subtask, version) =>
      read(`slot ${subtaskPath(subtask)} v${version}`, () => copyFound(service.readSlot(subtask, version))),
    readFrom: (subtask, fromVersion, limit) =>
      read(
        `read ${subtaskPath(subtask)} from v${fromVersion}`,
        () => {
          const scan = service.readFrom(subtask, fromVersion, limit, process.random.between(0, 2));
          return { ...scan, items: scan.items.map(copyItem) };
        },
        ({ items, stop }) => `${items.length} items, ${stop}`,
      ),
    readBase: (subtask) =>
      read(
        `base ${subtaskPath(subtask)}`,
        () => service.readBase(subtask),
        (base) => `v${base?.version ?? 0}`,
      ),
    moveBase: (subtask, base) =>
      process.call({
        what: `move base ${subtaskPath(subtask)} v${base.version}`,
        kind: 'write',
        effect: () => service.moveBase(subtask, { ...base }),
        show: String,
      }),
    deleteLog: (subtask) =>
      process.call({
        what: `delete log ${subtaskPath(subtask)}`,
        kind: 'write',
        effect: () => service.deleteLog(subtask),
      }),
  };
}

/** The object store as a process sees it. */
export function objectsOf(process: SimulatedProcess, service: ObjectService): ObjectStore {
  return {
    put: (name, bytes) => {
      const kept = new Uint8Array(bytes);
      const effect = () => service.put(name, kept);
      return process.call({ what: `put ${name}`, kind: 'write', effect, show: String });
    },
    get: (name) =>
      process.call({
        what: `get ${name}`,
        kind: 'read',
        effect: () => copyBytes(service.get(name)),
        show: (bytes) => (bytes === undefined ? 'missing' : `${bytes.length} bytes`),
      }),
    async *list(prefix) {
      const effect = () => service.list(prefix);
      yield* await process.call({ what: `list ${prefix}`, kind: 'read', effect });
    },
    delete: (names) => {
      const kept = [...names];
      const effect = () => service.delete(kept);
      return process.call({ what: `delete ${kept.join(' ')}`, kind: 'write', effect });
    },
  };
}

/** Records as a process sees them. */
export function recordsOf(process: SimulatedProcess, service: RecordService): JobRecords {
  return {
    get: (key) => process.call({ what: `record ${key}`, kind: 'read', effect: () => service.get(key) }),
    create: (key, value) => {
      const json = JSON.stringify(value);
      const effect = () => service.create(key, json);
      return process.call({ what: `create ${key}`, kind: 'write', effect, show: String });
    },
    update: (key, revision, value) => {
      const json = JSON.stringify(value);
      const effect = () => service.update(key, revision, json);
      return process.call({ what: `update ${key} r${revision}`, kind: 'write', effect, show: String });
    },
    list: (prefix) =>
      process.call({ what: `records ${prefix}`, kind: 'read', effect: () => service.list(prefix) }),
  };
}

/** Where sent records go. */
export interface StreamService {
  readonly faults: () => Pick<FaultMix, 'partialSend' | 'reorder'>;
  /** True while sends are refused. */
  readonly throttled: () => boolean;
  /** Takes a record, at most `earlier` places before the end of its shard; its number. */
  deliver(record: OutgoingRecord, earlier: number): string;
}

/** The transport as a process sees it. */
export function transportOf(process: SimulatedProcess, service: StreamService): StreamTransport {
  const sendOne = (record: OutgoingRecord): SendOutcome => {
    const { partialSend, reorder } = service.faults();
    if (process.random.chance(partialSend)) return { kind: 'failed', reason: 'throttled' };
    const earlier = drawReordering(process.random, reorder);
    return { kind: 'sent', deliveredTo: record.target, sequenceNumber: service.deliver(record, earlier) };
  };
  return {
    send: (records) => {
      const kept = records.map((record) => ({ ...record, bytes: new Uint8Array(record.bytes) }));
      return process.call({
        what: `send ${kept.map(({ target }) => target).join(' ')}`,
        kind: 'write',
        effect: () => {
          if (service.throttled()) throw new RetryableError('IO_FAILED', 'The stream is throttled.');
          return kept.map(sendOne);
        },
        show: (outcomes) => outcomes.map(({ kind }) => kind).join(' '),
      });
    },
  };
}

function copyItem(item: LogItem): LogItem {
  const { payload } = item;
  if (payload.kind === 'spilled') return { ...item, payload: { ...payload } };
  return { ...item, payload: { kind: 'inline', bytes: new Uint8Array(payload.bytes) } };
}

/** A slice of a Buffer would be no copy. */
function copyBytes(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes);
}

function copyFound(item: LogItem | undefined): LogItem | undefined {
  return item && copyItem(item);
}

function copyResult(result: AppendResult): AppendResult {
  return result.kind === 'accepted' ? result : { kind: 'refused', found: copyFound(result.found) };
}

function showItem({ version, kind, epoch, sentThrough, writer }: LogItem): string {
  return `v${version} ${kind} ep${epoch} st${sentThrough} ${writer}`;
}

function showAppend(result: AppendResult): string {
  if (result.kind === 'accepted') return 'accepted';
  return `refused, found v${result.found?.version ?? '-'} ${result.found?.writer ?? ''}`;
}
