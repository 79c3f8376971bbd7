import js from '@eslint/js';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['labextension/lib/**', 'labextension/src/contract.ts', 'fmtools/**', 'build/**'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  {
    files: ['labextension/**/*.ts'],
    rules: {
      eqeqeq: 'error',
      curly: ['error', 'all'],
      'max-lines-per-function': ['error', { max: 45, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 300 }],
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Text from a run is written as text, never as markup.' },
        { property: 'outerHTML', message: 'Text from a run is written as text, never as markup.' },
        { property: 'insertAdjacentHTML', message: 'Text from a run is written as text, never as markup.' }
      ],
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'interface', format: ['PascalCase'], filter: { regex: '^(Head|Point|Mark|Frame|Probe|Notice|Increment|StoredFrame|Run.*|Control.*|ApiError)$', match: false }, prefix: ['I'] }
      ],
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { args: 'none' }]
    }
  },
  { files: ['**/*.{js,mjs}'], languageOptions: { globals: { module: 'writable' } } }
);
