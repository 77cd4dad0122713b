import { chooseFiles } from './chosen-files.ts'

/** A file to try the page with: events, properties and an alias, and two lines with a mistake each. */
const LINES = [
  '{"_p":"ann@example.com","_t":1393344604,"_n":"Signed Up","plan":"pro"}',
  '{"_p":"ann@example.com","_t":1393431004,"_n":"Paid","amount":49}',
  '{"_p":"bob@example.com","_t":1393344660,"_n":"Signed Up","plan":"free"}',
  '{"_p":"bob@example.com","_t":1393344661,"city":"Paris"}',
  '{"_p":"bob@example.com","_t":1393431000000,"_n":"Paid","amount":12}',
  '{"_p":"ann@example.com","_t":1393344700,"_p2":"customer 17"}',
  '{"_t":1393344800,"_n":"Visited"}',
]

/** Chooses the sample, as if it were a file of the user. Nothing is sent. */
export function chooseSample(): void {
  chooseFiles([new File([`${LINES.join('\n')}\n`], 'sample.jsonl', { type: 'application/x-ndjson' })])
}
