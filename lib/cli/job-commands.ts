/** Commands on jobs of both targets: what they are, how they go, and what is done with them. */
import { type Command, Option } from '@commander-js/extra-typings';
import { UserError } from '../core/errors.ts';
import type { DeployedJob, StopMode } from '../deployed/deployed-target.ts';
import { type LocalJob, localJobs } from '../local/local-jobs.ts';
import { type Answer, answered, type Finish } from './answer.ts';
import { CONFIG_TARGETS, openTarget } from './aws-options.ts';
import type { CommandContext } from './command-context.ts';
import { checkpointsText, jobsText, lettersText, statusText } from './deployed-text.ts';
import { localJob, savepointFolder, type TargetOptions, targetOf } from './job-target.ts';
import { localJobsText, localStatusText } from './local-text.ts';
import { parseParallelism } from './numbers.ts';
import { withProgress } from './progress.ts';
import { deployWith } from './rescale.ts';

const LETTERS_LISTED = 20;

interface CommonOptions extends TargetOptions {
  readonly json?: true | undefined;
}

/** Adds the commands to `program`. */
export function addJobCommands(program: Command, context: CommandContext, finish: Finish): void {
  const add = (name: string, description: string) =>
    withCommonOptions(program.command(name).description(description));
  const answer = (options: CommonOptions, work: () => Promise<Answer>) =>
    answered({ options, context, finish }, work);
  const on = (job: string | undefined, options: CommonOptions, command: JobCommand) =>
    answer(options, async () => {
      const { doing, work, local } = command;
      const place = { job, cwd: context.cwd };
      if ((await targetOf(options, place)) === 'local') {
        const found = localJob(options, place);
        return withProgress(context, doing, () => local(found));
      }
      const target = await openTarget(options, context);
      const deployed = await target.job(job);
      return withProgress(context, doing, () => work(deployed));
    });

  addLooks({ add, on, context }, answer);
  addSavepoint({ add, on, context });
  addStopCommands({ add, on, context });
  addRestore({ add, on, context });
  addRescale({ add, on, context });
  addLetterCommands({ program, on });
}

/** What tells how jobs are. */
function addLooks(
  { add, on, context }: Adding,
  answer: (options: CommonOptions, work: () => Promise<Answer>) => Promise<void>,
): void {
  add('list', 'the jobs of this project, or those that are deployed').action((options) =>
    answer(options, async () => {
      if ((await targetOf(options, { job: undefined, cwd: context.cwd })) === 'local') {
        const reports = localJobs(context.cwd).map((job) => job.report());
        return { data: reports, text: localJobsText(reports, Date.now()) };
      }
      const jobs = await (await openTarget(options, context)).list();
      return { data: jobs, text: jobsText(jobs) };
    }),
  );
  add('status', 'how a job is: its run, its vertices, its last checkpoint')
    .argument('[job]', JOB)
    .action((job, options) =>
      on(job, options, {
        doing: 'Asking',
        work: async (deployed) => {
          const report = await deployed.status();
          return { data: report, text: statusText(report, Date.now()) };
        },
        local: async (one) => {
          const report = one.report();
          return { data: report, text: localStatusText(report, Date.now()) };
        },
      }),
    );
  add('checkpoints', 'the checkpoints and savepoints of the current run')
    .argument('[job]', JOB)
    .action((job, options) =>
      on(job, options, {
        doing: 'Asking',
        work: async (deployed) => {
          const checkpoints = await deployed.checkpoints();
          return { data: checkpoints, text: checkpointsText(checkpoints, Date.now()) };
        },
        local: refuse(
          'A job on this machine keeps its last commit alone, from which it goes on when it is run again; ' +
            '`millrace status` shows it, `millrace savepoint` keeps what is to stay.',
        ),
      }),
    );
}

interface Adding {
  readonly add: (name: string, description: string) => ReturnType<typeof withCommonOptions>;
  readonly on: (job: string | undefined, options: CommonOptions, command: JobCommand) => Promise<void>;
  readonly context: CommandContext;
}

/** What a command does with a job of either target. */
interface JobCommand {
  /** For a progress line. */
  readonly doing: string;
  readonly work: (job: DeployedJob) => Promise<Answer>;
  readonly local: (job: LocalJob) => Promise<Answer>;
}

/** For what a job on this machine is done otherwise. */
function refuse(message: string): JobCommand['local'] {
  return async () => {
    throw new UserError('ARGUMENT_INVALID', message);
  };
}

/** As Flink's targetDirectory. */
function savepointDirOption() {
  return new Option(
    '--savepoint-dir <folder>',
    'folder on this machine below which the savepoint is made (default: savepoints in the state directory)',
  );
}

/** Folder for a savepoint of a job on this machine. */
function folderFor(
  job: LocalJob,
  { cwd, parent }: { readonly cwd: string; readonly parent: string | undefined },
) {
  return savepointFolder(job, { parent, cwd, now: Date.now() });
}

function refuseFolder(parent: string | undefined): void {
  if (parent === undefined) return;
  throw new UserError(
    'ARGUMENT_INVALID',
    'The savepoints of a deployed job are in its bucket: leave --savepoint-dir out.',
  );
}

function addSavepoint({ add, on, context: { cwd } }: Adding): void {
  add('savepoint', 'take a savepoint; the job goes on')
    .argument('[job]', JOB)
    .addOption(savepointDirOption())
    .action((job, options) =>
      on(job, options, {
        doing: 'Taking a savepoint',
        local: async (one) => {
          const folder = folderFor(one, { cwd, parent: options.savepointDir });
          await one.savepoint(folder);
          return { data: { savepoint: folder }, text: folder };
        },
        work: async (deployed) => {
          refuseFolder(options.savepointDir);
          const path = await deployed.savepoint();
          return { data: { savepoint: path }, text: path };
        },
      }),
    );
}

function addStopCommands({ add, on, context: { cwd } }: Adding): void {
  const stop = async (deployed: DeployedJob, mode: StopMode): Promise<Answer> => {
    const savepoint = await deployed.stop(mode);
    const { job } = deployed.names;
    const text = savepoint === undefined ? `Job '${job}' is stopped.` : savepoint;
    return { data: { job, savepoint: savepoint ?? null }, text };
  };
  add('stop', 'stop a job with a savepoint')
    .argument('[job]', JOB)
    .option('--drain', 'end all input first: every window fires, and the job is over for good')
    .addOption(savepointDirOption())
    .action((job, options) =>
      on(job, options, {
        doing: options.drain ? 'Draining' : 'Stopping',
        local: async (one) => {
          const folder = folderFor(one, { cwd, parent: options.savepointDir });
          await one.end(options.drain ? 'drain' : 'stop', folder);
          return { data: { job: one.name, savepoint: folder }, text: folder };
        },
        work: (deployed) => {
          refuseFolder(options.savepointDir);
          return stop(deployed, options.drain ? 'drain' : 'savepoint');
        },
      }),
    );
  add('cancel', 'stop a job without a savepoint; restore goes on from its logs')
    .argument('[job]', JOB)
    .action((job, options) =>
      on(job, options, {
        doing: 'Stopping',
        local: async (one) => {
          await one.end('cancel', undefined);
          return { data: { job: one.name, savepoint: null }, text: `Job '${one.name}' is stopped.` };
        },
        work: (deployed) => stop(deployed, 'plain'),
      }),
    );
}

function addRestore({ add, on }: Adding): void {
  add('restore', 'go on where a job stopped, or where a checkpoint or savepoint of it was taken')
    .argument('[job]', JOB)
    .option('--from <path>', 'path of the checkpoint or savepoint (default: where the job stopped)')
    .action((job, options) =>
      on(job, options, {
        doing: 'Restoring',
        local: refuse(
          'On this machine `millrace run job.ts` goes on where the job stopped, and its option ' +
            '--from-savepoint begins with a savepoint.',
        ),
        work: async (deployed) => {
          const run = await deployed.restore(options.from);
          return { data: { run }, text: `Job '${deployed.names.job}' goes on in run ${run}.` };
        },
      }),
    );
}

function addRescale({ add, on, context }: Adding): void {
  add('rescale', 'run the cdk deploy of this project with another parallelism')
    .argument('<job>', 'name of the job, as list shows it')
    .argument('<parallelism>', 'of operators that set none', parseParallelism)
    .argument('[cdk...]', 'further words for cdk deploy, behind --')
    .action((job, parallelism, words, options) =>
      on(job, options, {
        doing: 'Deploying',
        local: refuse(
          'On this machine `millrace run job.ts --parallelism <n>` goes on with another parallelism.',
        ),
        work: async ({ names }) => {
          await deployWith(context, { names, parallelism, words });
          return {
            data: { job: names.job, parallelism },
            text:
              `Job '${names.job}' has parallelism ${parallelism}. The next deployment takes that of your ` +
              `app again: set parallelism: ${parallelism} there.`,
          };
        },
      }),
    );
}

function addLetterCommands({ program, on }: Pick<Adding, 'on'> & { readonly program: Command }): void {
  const letters = program.command('dlq').description('records that could not be processed');
  const add = (name: string, description: string) =>
    withCommonOptions(letters.command(name).description(description)).argument('[job]', JOB);
  add('list', 'the first dead letters').action((job, options) =>
    on(job, options, {
      doing: 'Reading',
      work: async (deployed) => {
        const listed = await deployed.deadLetters(LETTERS_LISTED);
        return { data: listed, text: lettersText(listed) };
      },
      local: async (one) => {
        const listed = await one.deadLetters(LETTERS_LISTED);
        return { data: listed, text: lettersText(listed) };
      },
    }),
  );
  add('retry', 'feed dead letters of sources to the job again').action((job, options) =>
    on(job, options, {
      doing: 'Feeding',
      local: refuse(
        'The sources of a job on this machine read files, to which nothing is fed. Put the records of ' +
          '`millrace dlq list`, mended, into a file that a source reads.',
      ),
      work: async (deployed) => {
        const report = await deployed.retryDeadLetters();
        const more = report.more ? ' There are more: repeat it.' : '';
        return { data: report, text: `${report.fed} records are fed again, ${report.kept} are kept.${more}` };
      },
    }),
  );
  add('drop', 'delete all dead letters').action((job, options) =>
    on(job, options, {
      doing: 'Deleting',
      local: async (one) => {
        const dropped = one.dropDeadLetters();
        return { data: { dropped }, text: `${dropped} dead letters are deleted.` };
      },
      work: async (deployed) => {
        let dropped = 0;
        for (;;) {
          const part = await deployed.dropDeadLetters();
          dropped += part.dropped;
          if (!part.more) return { data: { dropped }, text: `${dropped} dead letters are deleted.` };
        }
      },
    }),
  );
}

function withCommonOptions(command: Command) {
  return command
    .addOption(
      new Option(
        '--target <target>',
        'where the job runs (default: here if the job is here, else AWS)',
      ).choices(CONFIG_TARGETS),
    )
    .option('--state-dir <dir>', 'state directory of a job on this machine (default: ".millrace/<job>")')
    .option('--stack <name>', 'stack whose jobs are meant (default: all of account and region)')
    .option('--profile <name>', 'AWS profile (default: as the AWS SDK finds credentials)')
    .option('--region <region>', 'AWS region (default: as the AWS SDK finds it)')
    .option('--endpoint <url>', 'URL of all services, for an emulator')
    .option('--json', 'print the result as one JSON line')
    .addOption(new Option('--verbose', 'show the stack of an error'));
}

const JOB = 'name of the job, as list shows it (default: the only one)';
