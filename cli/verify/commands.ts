import type { Command } from 'commander'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp } from '../terminal/help.ts'

/** Adds `verify`. */
export function addVerify(program: Command, endWith: EndWith): void {
  program
    .command('verify')
    .description('check that a receipt is about a file, and that nothing in it was changed; needs no AWS')
    .argument('<file>', 'the file that was imported, as it was uploaded')
    .argument('<receipt>', 'its receipt: FILE.receipt.json after a send, or receipt.json beside its report in the bucket')
    .addHelpText(
      'after',
      afterHelp('npx km-import verify march.jsonl march.jsonl.receipt.json', {
        0: 'the file was imported as the receipt says',
        1: 'the file or the receipt is not the same',
        2: 'one of them cannot be read',
      }),
    )
    .action(async (file: string, receipt: string) => {
      const { verify } = await import('./verify.ts')
      endWith(await verify(file, receipt))
    })
}
