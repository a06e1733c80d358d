import { RcxError } from '../errors.ts';

const ADJECTIVES =
  'able amber brave brisk calm candid cheerful clever coastal cosmic crisp curious dapper daring deft eager earnest ' +
  'easy fabled fearless fluent frank gentle gifted glad golden graceful hardy hopeful humble jolly keen kind lively ' +
  'lucid lunar mellow merry mighty mindful modest nimble noble patient placid polite proud quick quiet radiant rapid ' +
  'ready rustic serene sharp silent silver sincere sleek snappy solid spry stable steady stellar sturdy sunny swift ' +
  'tidy tranquil trusty upbeat vivid warm wise witty zesty';

const SCIENTISTS =
  'agnesi archimedes avogadro babbage banach bernoulli bohr boole born brahe cantor carson cauchy celsius chandra copernicus ' +
  'curie darwin descartes dijkstra dirac einstein erdos euclid euler faraday fermat fermi feynman fourier franklin ' +
  'galileo galois gauss germain godel goodall hamilton heisenberg herschel hilbert hopper hubble huygens hypatia joule ' +
  'kelvin kepler knuth kovalevskaya lagrange lamarr laplace lavoisier leibniz linnaeus lovelace maxwell mcclintock ' +
  'meitner mendel mendeleev mirzakhani morse newton noether ohm pascal pasteur pauling planck poincare ptolemy ' +
  'ramanujan riemann rutherford sagan shannon swartz tesla thales turing volta wing wu';

const [adjectives, scientists] = [ADJECTIVES.split(' '), SCIENTISTS.split(' ')];

/** A name for a container that was given none, `adjective_scientist`. */
export function randomName(): string {
  return `${pick(adjectives)}_${pick(scientists)}`;
}

/** Names need not be unguessable. */
function pick(words: string[]): string | undefined {
  return words[Math.floor(Math.random() * words.length)];
}

/** @throws ERR_RCX_INVALID_NAME for what Docker refuses, too */
export function checkName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return name;
  throw new RcxError(`name the container: ${JSON.stringify(name)} is not a valid name`, {
    code: 'ERR_RCX_INVALID_NAME',
    step: 'name the container',
    path: name,
    hint: 'use two or more letters, digits, _ . or -, with a letter or digit first',
  });
}
