// JavaScript with typed arrays in CSR form: peer_js_arrays.mjs INPUT
import { readInputs, serve } from "./contender.mjs";

const TOLERANCE = 0.01;

class Rounds {
  constructor(inputs) {
    Object.assign(this, inputs);
    const zeros = () => new Float64Array(this.agents);
    this.active = zeros();
    this.denominator = zeros();
    this.scale = zeros();
    this.satisfied = zeros();
    this.received = zeros();
    this.damping = zeros();
    this.over = [zeros(), zeros(), zeros()];
    this.converged = new Uint8Array(this.agents);
  }

  run(rounds) {
    this.satisfied.fill(0);
    this.damping.fill(1);
    this.active.set(this.need);
    for (let t = 1; t <= rounds; ++t) {
      this.compute();
      this.deliver(t);
    }
  }

  answer() {
    return [this.satisfied, this.received, this.denominator];
  }

  compute() {
    const { agents, offsets, columns, weights, active, capacity, denominator, scale } = this;
    for (let p = 0; p < agents; ++p) {
      let sum = 0;
      for (let e = offsets[p], end = offsets[p + 1]; e < end; ++e) {
        sum += weights[e] * active[columns[e]];
      }
      denominator[p] = sum;
      scale[p] = sum > 0 ? capacity[p] / sum : 0;
    }
  }

  deliver(round) {
    const { agents, offsets, columns, weights, scale, need, active, satisfied, received } = this;
    const { damping, converged } = this;
    const [newest, oldest, previous] = this.over;
    this.over = [oldest, previous, newest];
    for (let r = 0; r < agents; ++r) {
      let sum = 0;
      for (let e = offsets[r], end = offsets[r + 1]; e < end; ++e) {
        sum += weights[e] * scale[columns[e]];
      }
      const n = need[r];
      const got = active[r] * sum;
      const y = Math.abs(got - n) <= 1e-12 * n ? n : got;
      const x = y < n ? y : n;
      const h2 = y > n ? y - n : 0;
      let f = 0.8;
      if (round >= 3) {
        const first = previous[r] - oldest[r];
        const last = h2 - previous[r];
        const differs = 1e-9 * n;
        if ((first > differs && -last > differs) || (-first > differs && last > differs)) f = 0.5;
        else if (!(first > differs || last > differs)) f = 1;
      }
      received[r] = got;
      satisfied[r] = x;
      newest[r] = h2;
      damping[r] = f;
      converged[r] = h2 <= TOLERANCE * n && n - x <= TOLERANCE * n ? 1 : 0;
      active[r] = (n - x) * f;  // nobody reads it again in this round
    }
  }
}

serve(new Rounds(readInputs(process.argv[2])));
