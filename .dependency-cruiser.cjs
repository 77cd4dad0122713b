const STAGE = '^lambda/(intake|read|parse|deliver|settle|report)/'
const values = { dependencyTypesNot: ['type-only'] } // `import type` is only a name for a shape: it runs nothing

/** The house rules for imports. docs/architecture.md tells them in words. @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: values } },
    {
      name: 'stages-meet-in-import-ts',
      severity: 'error',
      from: { path: STAGE },
      to: { path: STAGE, pathNot: '^lambda/$1/', ...values },
    },
    { name: 'parse-is-pure', severity: 'error', from: { path: '^lambda/parse/' }, to: { pathNot: '^lambda/(parse/|reasons)' } },
    {
      name: 'only-adapters-reach-out',
      severity: 'error',
      from: { path: '^lambda/', pathNot: '^lambda/(adapters/|handler|entry)' },
      to: { path: '(^|/)(@aws-sdk|undici)/|^(node:)?(https?|net|tls|dns|fs|child_process)(/|$)', ...values },
    },
    { name: 'adapters-decide-nothing', severity: 'error', from: { path: '^lambda/adapters/' }, to: { path: STAGE, ...values } },
    {
      name: 'the-importer-stands-alone',
      severity: 'error',
      from: { path: '^lambda/' },
      to: { path: '^(lib|cli|bin|test|bench)/' },
    },
    {
      name: 'the-stack-knows-only-the-knobs',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(lambda|cli|bin|test)/', pathNot: '^lambda/(config|places)' },
    },
    {
      name: 'the-page-runs-in-a-browser',
      severity: 'error',
      from: { path: '^cli/page/' },
      to: {
        pathNot:
          '^(cli/page/|cli/(printable|stand-in/key|console/wire)\\.ts|cli/(preview/digest/judge|rejects/(fix|judge|object))\\.ts|lambda/(parse/|(errors|examine|head|places|reasons)\\.ts|report/report\\.ts)|node_modules/(preact|uplot)/)',
        ...values,
      },
    },
    { name: 'nobody-imports-a-door', severity: 'error', from: {}, to: { path: '^(bin/|lambda/entry)' } },
    {
      name: 'nobody-knows-the-tests',
      severity: 'error',
      from: { path: '^(bin|lib|lambda|cli)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    detectProcessBuiltinModuleCalls: true,
  },
}
