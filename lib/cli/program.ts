import { Argument, Command, Option } from '@commander-js/extra-typings';
import { PLAN_FORMATS, PLAN_LEVELS } from '../graph/format-plan.ts';
import { STATE_BACKENDS } from '../graph/stream-graph.ts';
import type { CommandContext } from './command-context.ts';
import { addCompletion } from './completion.ts';
import { estimateCommand } from './estimate-command.ts';
import { initCommand } from './init-command.ts';
import { addJobCommands } from './job-commands.ts';
import { parseParallelism, parsePositive, parseShare } from './numbers.ts';
import { planCommand } from './plan-command.ts';
import { runCommand } from './run-command.ts';
import { addStateCommands } from './state-commands.ts';

const EXAMPLES = `
Examples:
  millrace init my-job                          a project: a job, a test, a CDK app
  millrace run job.ts                           run a job in this process
  millrace run job.ts --fresh --overwrite       start over and replace earlier output
  millrace plan job.ts --format mermaid         the job as a flowchart
  millrace estimate job.ts --rate 1000          what it will cost on AWS
  millrace list                                 the jobs of this folder, or of account and region
  millrace status counts                        how a job is, here or deployed
  millrace savepoint counts                     take a savepoint, whose path is printed
  millrace run job.ts --from-savepoint <path>   begin with a savepoint
  millrace state list <path>                    what a savepoint holds
  millrace stop Stack-Job                       stop it with a savepoint, whose path is printed
  millrace restore Stack-Job                    go on where it stopped
  millrace rescale Stack-Job 4                  deploy it with another parallelism
  millrace complete fish | source               complete this command line with the Tab key

--target, --stack, --profile, --region and --endpoint have their defaults in millrace.config.ts:
  export default { stack: 'AirportDelays', region: 'eu-central-1' };

Exit codes:
  0    done
  1    the job failed, or its module or graph is wrong
  2    wrong usage: unknown command, option or value
  130  stopped by SIGINT (Ctrl-C), 143 by SIGTERM: the job has committed, and goes on if it is run again
  141  the reader of the output has gone, as head does

MILLRACE_DEBUG=1 shows the stack of an error, like --verbose.`;

/** The command line. `finish` takes the exit code of the command that ran. */
export function createProgram(context: CommandContext, finish: (exitCode: number) => void) {
  const program = new Command('millrace')
    .description('Stateful, event-time stream jobs without a cluster.')
    .version(context.copy.version)
    .exitOverride()
    .showHelpAfterError('(millrace --help shows what there is)')
    .addHelpText('after', EXAMPLES);

  addRun(program, context, finish);
  program
    .command('plan')
    .description('check a job and print its graph, without running it')
    .addArgument(jobArgument())
    .addOption(
      new Option('--level <level>', 'operators as written, chained into vertices, or as subtasks')
        .choices(PLAN_LEVELS)
        .default('job' as const),
    )
    .addOption(
      new Option('--format <format>', 'how to print it').choices(PLAN_FORMATS).default('text' as const),
    )
    .addOption(parallelismOption())
    .addOption(stateBackendOption())
    .addOption(verboseOption())
    .action(async (job, options) => finish(await planCommand(job, { options, context })));

  addEstimate(program, context, finish);
  program
    .command('init')
    .description('write a project: a job, a test, a CDK app, a workflow for CI')
    .argument('[dir]', 'folder to make; it may exist if it is empty (default: this one)', '.')
    .addOption(verboseOption())
    .action((dir) => finish(initCommand(dir, context)));

  addJobCommands(program, context, finish);
  addStateCommands(program, context, finish);
  addCompletion(program, context.print);
  return program;
}

function addRun(program: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  program
    .command('run')
    .description('run a job in this process until its input ends; run again, it goes on where it was')
    .addArgument(jobArgument())
    .option('--state-dir <dir>', 'folder that keeps the state of the job (default: ".millrace/<job>")')
    .addOption(
      new Option('--no-state', 'keep no state: a run that is killed has to start over').conflicts([
        'stateDir',
        'fresh',
        'yes',
        'allowNonRestoredState',
        'fromSavepoint',
      ]),
    )
    .option('--fresh', 'remove the state of the job and start over')
    .option('--yes', 'do not ask before --fresh removes anything')
    .addOption(
      new Option('--from-savepoint <folder>', 'begin with a savepoint, also one of another job').conflicts(
        'fresh',
      ),
    )
    .option('--allow-non-restored-state', 'drop the state of operators that the job no longer has')
    .option('--overwrite', 'remove what earlier runs wrote instead of refusing to write beside it')
    .option('--dead-letters <file>', 'NDJSON file for records that cannot be processed')
    .addOption(parallelismOption())
    .addOption(stateBackendOption())
    .option('--json', 'print the result as one JSON line')
    .addOption(verboseOption())
    .action(async (job, options) => finish(await runCommand(job, { options, context })));
}

function addEstimate(program: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  program
    .command('estimate')
    .description('what a job will cost on AWS, from its plan and a table of prices')
    .addArgument(jobArgument())
    .requiredOption('--rate <n>', 'records a second that all sources read together', parsePositive)
    .option('--bytes <n>', 'bytes of a record', parsePositive, 500)
    .option('--idle <share>', 'share of the time without data, 0 to 1', parseShare, 0)
    .option('--batch-window <s>', 'seconds for which records are gathered', parsePositive, 1)
    .option('--memory <mb>', 'MB of each function', parsePositive, 1024)
    .addOption(parallelismOption())
    .option('--prices <file>', 'JSON file with other prices (default: us-east-1)')
    .option('--json', 'print the result as one JSON line')
    .addOption(verboseOption())
    .action(async (job, options) => finish(await estimateCommand(job, { options, context })));
}

function jobArgument() {
  return new Argument('<job>', 'TypeScript module whose default export is defineJob(…)');
}

function verboseOption() {
  return new Option('--verbose', 'show the stack of an error');
}

function parallelismOption() {
  return new Option(
    '--parallelism <n>',
    'subtasks of each operator, where the job sets no parallelism',
  ).argParser(parseParallelism);
}

function stateBackendOption() {
  return new Option(
    '--state-backend <backend>',
    'keyed state in memory (heap) or in the state directory (table), where the job does not say',
  ).choices(STATE_BACKENDS);
}
