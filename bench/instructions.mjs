// node bench/instructions.mjs COMMAND [--renew]: counts the instructions of the engine's main jobs on a generated editing
// session (callgrind; the same on every machine of one kind, however busy) and compares them with bench/instructions.json.
// More than ±3 % is a failure, fewer of them too: else the next regression would hide in what was won. `make instructions`
// renews the figures. Without valgrind, an up-to-date command and the compiler that the figures are for it does nothing and
// says so (status 77), but not in CI.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from './generate_trace.mjs'

const tolerance = 0.03
const edits = 10000
const jobs = ['local', 'local_update', 'remote', 'load_v1', 'load_v2', 'encode_v1', 'encode_v2']
const figuresPath = 'bench/instructions.json'
// All that `syncline bench engine` times happens below it (apps/syncline/bench/measure.cpp).
const counted = 'syncline::bench::measured_work*'

function leave (why) {
  console.log(`instructions: ${why}`)
  process.exit(process.env.CI ? 1 : 77)
}

const newest = path => statSync(path).isDirectory()
  ? Math.max(...readdirSync(path).map(name => newest(join(path, name))))
  : statSync(path).mtimeMs

function count (command, trace, job) {
  const run = spawnSync('valgrind', ['--tool=callgrind', '--collect-atstart=no', `--toggle-collect=${counted}`, '--callgrind-out-file=/dev/null',
    command, 'bench', 'engine', '--trace', trace, '--job', job, '--repeat', '1', '--json'], { encoding: 'utf8' })
  const collected = Number(/Collected : (\d+)/.exec(run.stderr)?.[1] ?? 0)
  if (run.status !== 0 || collected === 0 || !JSON.parse(run.stdout).text_ok) {
    console.error(`instructions: ${job} could not be counted\n${run.stdout}${run.stderr}`)
    process.exit(1)
  }
  return collected
}

/** "GCC: (Debian 12.2.0-14) 12.2.0": compilers note themselves in what they make. */
const compilerOf = command => /GCC: \([^)]*\) [\d.]+/.exec(readFileSync(command, 'latin1'))?.[0] ?? 'unknown'

const [command, option] = process.argv.slice(2)
if (!existsSync(command)) leave(`${command} is not there: make build`)
if (newest('src/crdt') > statSync(command).mtimeMs) leave(`${command} is older than src/crdt: make build`)
if (spawnSync('valgrind', ['--version']).status !== 0) leave('there is no valgrind: tools/setup.sh test')

const compiler = compilerOf(command)
const figures = existsSync(figuresPath) ? JSON.parse(readFileSync(figuresPath, 'utf8')) : {}
if (option !== '--renew' && figures.compiler && figures.compiler !== compiler) leave(`${command} was made by ${compiler}, the figures are for ${figures.compiler}`)

const folder = mkdtempSync(join(tmpdir(), 'syncline-instructions-'))
const trace = join(folder, 'generated.json')
writeFileSync(trace, JSON.stringify(generate(edits)))
const now = Object.fromEntries(jobs.map(job => [job, count(command, trace, job)]))
rmSync(folder, { recursive: true })

if (option === '--renew') {
  writeFileSync(figuresPath, JSON.stringify({ compiler, ...now }, null, 2) + '\n')
  console.log(`instructions: ${figuresPath} written: ${JSON.stringify(now)}`)
  process.exit(0)
}
let out = 0
for (const job of jobs) {
  const change = now[job] / figures[job] - 1
  const far = !(Math.abs(change) <= tolerance)
  if (far) ++out
  console.log(`${far ? 'CHANGED' : 'same   '} ${job.padEnd(13)} ${String(now[job]).padStart(10)} instructions, ${change >= 0 ? '+' : ''}${(change * 100).toFixed(2)} % of ${figures[job]} noted`)
}
if (out > 0) {
  console.log(`\ninstructions: ${out} of ${jobs.length} jobs changed by more than ${tolerance * 100} %. If that is meant (faster, or slower for a reason
that the commit tells), \`make instructions\` writes the new figures to ${figuresPath}: commit them with the change.`)
  process.exit(1)
}
