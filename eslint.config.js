import tseslint from 'typescript-eslint'

// Time, randomness and the outside are parameters everywhere but in the adapters, so that a run can be repeated from its seed.
const PURE = ['lambda/*.ts', 'lambda/!(adapters)/**/*.ts']
const ENTRY_POINTS = ['lambda/app.ts', 'lambda/handler.ts']

// The index of the CDK loads all of its services, which takes seconds at each start.
const CDK_INDEX = {
  name: 'aws-cdk-lib',
  message: "Import from 'aws-cdk-lib/core', or from the module of the service, for example 'aws-cdk-lib/aws-s3'.",
}

export default tseslint.config(
  { ignores: ['node_modules', 'cdk.out', 'coverage', 'dist', '.km-import', '.bench-peers', 'drop', '**/*.cjs', '**/*.js'] },
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  {
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error', // a new kind of outcome must be handled everywhere
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-imports': ['error', { paths: [CDK_INDEX] }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
    },
  },
  {
    files: PURE,
    ignores: ENTRY_POINTS,
    rules: {
      'no-restricted-globals': [
        'error',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'fetch',
        'process',
        'performance',
        'crypto',
      ],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now' }, { object: 'Math', property: 'random' }],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Take the clock as a parameter.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression > MemberExpression[object.name=/^(test|it|describe)$/][property.name="only"]',
          message: 'A focused test hides the others.',
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off', // a test that finds nothing should fail right there
    },
  },
)
