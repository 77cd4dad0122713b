import { ExampleLines } from './reason-example.tsx'

const EVENT = '{"_p":"ann@example.com","_t":1393344604,"_n":"Signed Up","plan":"pro"}'
const PROPERTIES = '{"_p":"ann@example.com","_t":1393344605,"city":"Paris"}'
const ALIAS = '{"_p":"ann@example.com","_t":1393344606,"_p2":"customer 17"}'
const CSV = 'Identity,Timestamp,Event,Prop:plan\nann@example.com,1393344604,Signed Up,pro'

/** What a file looks like: three example lines, and the layout of a CSV file. */
export function FormatHelp() {
  return (
    <section class="format-help" aria-labelledby="format-title">
      <h2 id="format-title">What a file looks like</h2>
      <p>
        One JSON object on each line. <code>_p</code> is the person, <code>_t</code> the time in seconds since 1970 (UTC). For
        example:
      </p>
      <dl class="reason-example">
        <dt>An event</dt>
        <dd>
          <ExampleLines text={EVENT} />
        </dd>
        <dt>Properties</dt>
        <dd>
          <ExampleLines text={PROPERTIES} />
        </dd>
        <dt>An alias</dt>
        <dd>
          <ExampleLines text={ALIAS} />
          <small>It makes two identities one person, and cannot be undone.</small>
        </dd>
      </dl>
      <p>
        Or a CSV file whose first row names the columns: <code>Identity</code>, <code>Timestamp</code>, <code>Event</code>,{' '}
        <code>Alias</code>, and <code>Prop:NAME</code> for each property.
      </p>
      <ExampleLines text={CSV} />
      <p class="muted">
        UTF-8, also compressed (.gz, .zip, .zst, .br). From Excel: File, Save As, <em>CSV UTF-8 (Comma delimited)</em>.
      </p>
    </section>
  )
}
