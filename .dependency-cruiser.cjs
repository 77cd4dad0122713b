const STAGE = '^lambda/(answers|intake|read|parse|deliver|settle|report|archive)/'
const values = { dependencyTypesNot: ['type-only'] } // `import type` is only a name for a shape: it runs nothing

/** The import rules. docs/architecture.md explains them. @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'stages-meet-in-jobs',
      severity: 'error',
      from: { path: STAGE },
      to: { path: STAGE, pathNot: '^lambda/$1/', ...values },
    },
    {
      name: 'stages-do-not-import-jobs',
      severity: 'error',
      from: { path: '^lambda/', pathNot: '^lambda/(jobs/|app\\.ts)' },
      to: { path: '^lambda/jobs/', ...values },
    },
    {
      name: 'parse-is-pure',
      severity: 'error',
      from: { path: '^lambda/parse/' },
      to: { pathNot: '^lambda/(parse/|reasons)', ...values },
    },
    {
      name: 'rules-are-pure',
      severity: 'error',
      from: { path: '^lambda/rules/' },
      to: { pathNot: '^lambda/(rules/|parse/|csv/columns\\.ts|common/|(errors|reasons|keys)\\.ts)', ...values },
    },
    {
      name: 'survey-is-pure',
      severity: 'error',
      from: { path: '^lambda/survey/' },
      to: { pathNot: '^(lambda/(survey/|parse/|reasons)|node_modules/valibot/)', ...values },
    },
    {
      name: 'only-adapters-reach-out',
      severity: 'error',
      from: { path: '^lambda/', pathNot: '^lambda/(adapters/|app\\.ts|handler\\.ts)' },
      to: { path: '(^|/)(@aws-sdk|undici)/|^(node:)?(https?|net|tls|dns|fs|child_process)(/|$)', ...values },
    },
    { name: 'adapters-decide-nothing', severity: 'error', from: { path: '^lambda/adapters/' }, to: { path: STAGE, ...values } },
    {
      name: 'the-importer-stands-alone',
      severity: 'error',
      from: { path: '^lambda/' },
      to: { path: '^(lib|emulators|cli|bin|test|bench)/' },
    },
    {
      name: 'the-stack-knows-only-settings-and-keys',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(lambda|emulators|cli|bin|test)/', pathNot: '^lambda/(settings/|keys)' },
    },
    {
      name: 'emulators-stand-alone',
      severity: 'error',
      from: { path: '^emulators/' },
      to: { path: '^(lib|cli|bin|test|bench)/' },
    },
    {
      name: 'the-page-runs-in-a-browser',
      severity: 'error',
      from: { path: '^cli/console/page/' },
      to: {
        pathNot:
          '^(cli/console/page/|docs/reasons\\.md|cli/(files/file-in-hint|terminal/(escape|numbers)|console/(api-types|suggestions/[a-z-]+))\\.ts|emulators/kissmetrics/key\\.ts|cli/rejects/validate\\.ts|cli/preview/(survey/|digest/(digest|int32-list|values)\\.ts|summary\\.ts)|lambda/(csv/|parse/|rules/|survey/|common/|settings/|(errors|keys|reasons)\\.ts|zip/|report/report\\.ts)|node_modules/(valibot|preact|@preact/signals|uplot)/)',
        ...values,
      },
    },
    {
      name: 'nobody-imports-an-entry-point',
      severity: 'error',
      from: { pathNot: '^bin/' },
      to: { path: '^(bin/|lambda/handler)' },
    },
    {
      name: 'product-code-does-not-import-tests',
      severity: 'error',
      from: { path: '^(bin|lib|lambda|emulators|cli)/' },
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
