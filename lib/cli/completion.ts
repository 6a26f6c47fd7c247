/** What the Tab key offers: commands, options and their choices, else the names of files. */
import { ShellCompDirective } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import type { Command } from '@commander-js/extra-typings';
import type { Command as PlainCommand } from 'commander';

const COMMAND = 'complete';
const SHELLS = ['bash', 'zsh', 'fish', 'powershell'];
const DESCRIPTION = `print what makes the Tab key complete this command line in ${SHELLS.join(', ')}`;

/**
 * The library registers its function without file names, and it needs functions of the package
 * bash-completion: without them each Tab would print an error.
 */
const BASH_ENDING = `if declare -F _get_comp_words_by_ref > /dev/null; then
    complete -o default -F __millrace_complete millrace
else
    complete -r millrace
fi
`;

/** Adds `complete <shell>`, which prints a script, and `complete -- …`, which that script calls. */
export function addCompletion(program: Command, print: (text: string) => void): void {
  // The same class; only the types of its methods say more.
  const root = tab(program as PlainCommand);
  program.commands.find((command) => command.name() === COMMAND)?.description(DESCRIPTION);
  const { ShellCompDirectiveDefault, ShellCompDirectiveNoFileComp } = ShellCompDirective;
  // The library would refuse names of files always, but jobs and folders are arguments.
  Object.defineProperty(root, 'directive', {
    get: () => (root.completions.length === 0 ? ShellCompDirectiveDefault : ShellCompDirectiveNoFileComp),
    set: () => undefined,
  });
  const setup = root.setup.bind(root);
  root.setup = (name, executable, shell) => {
    setup(name, executable, shell);
    if (shell === 'bash') print(BASH_ENDING);
  };
  const complete = root.commands.get(COMMAND);
  if (complete === undefined) return;
  complete.description = DESCRIPTION;
  complete.argument('shell', (offer) => {
    for (const shell of SHELLS) offer(shell, '');
  });
}
