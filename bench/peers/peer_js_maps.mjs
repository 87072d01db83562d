// JavaScript as one writes it from the source document: agents are objects known by name, recognition is
// a Map by name, and a round goes through its phases with a ledger of entries. peer_js_maps.mjs INPUT
import { readInputs, serve } from "./contender.mjs";

const TOLERANCE = 0.01;

class Agent {
  constructor(id, need, capacity) {
    this.id = id;
    this.need = need;
    this.capacity = capacity;
    this.recognition = new Map();  // by the other's id; mutual, so both have the same
  }

  reset() {
    this.satisfied = 0;
    this.received = 0;
    this.damping = 1;
    this.converged = false;
    this.overHistory = [];
    this.denominator = 0;
  }

  publish() {
    return {
      residual: Math.max(0, this.need - this.satisfied),
      damping: this.damping,
      converged: this.converged,
    };
  }

  allocate(ledger, agents) {
    const numerators = new Map();
    let denominator = 0;
    for (const [id, recognition] of this.recognition) {
      const entry = ledger.get(id);
      const numerator = recognition * (entry.residual * entry.damping);
      numerators.set(id, numerator);
      denominator += numerator;
    }
    this.denominator = denominator;
    if (denominator === 0) return;
    for (const [id, numerator] of numerators) {
      agents.get(id).received += (this.capacity * numerator) / denominator;
    }
  }

  aggregate() {
    let total = this.received;
    if (Math.abs(total - this.need) <= 1e-12 * this.need) total = this.need;
    this.satisfied = Math.min(this.need, total);
    const over = Math.max(0, total - this.need);
    const under = Math.max(0, this.need - total);
    this.overHistory.push(over);
    if (this.overHistory.length > 3) this.overHistory.shift();
    this.damping = this.dampingFactor();
    this.converged = over <= TOLERANCE * this.need && under <= TOLERANCE * this.need;
  }

  dampingFactor() {
    if (this.overHistory.length < 3) return 0.8;
    const [h0, h1, h2] = this.overHistory;
    const less = (a, b) => b - a > 1e-9 * this.need;
    if ((less(h0, h1) && less(h2, h1)) || (less(h1, h0) && less(h1, h2))) return 0.5;
    if (!less(h0, h1) && !less(h1, h2)) return 1;
    return 0.8;
  }
}

class Network {
  constructor(inputs) {
    const { agents, offsets, columns, weights, need, capacity } = inputs;
    this.agents = new Map();
    for (let i = 0; i < agents; ++i) {
      this.agents.set(`agent-${i}`, new Agent(`agent-${i}`, need[i], capacity[i]));
    }
    for (let i = 0; i < agents; ++i) {
      const agent = this.agents.get(`agent-${i}`);
      for (let e = offsets[i]; e < offsets[i + 1]; ++e) {
        agent.recognition.set(`agent-${columns[e]}`, weights[e]);
      }
    }
  }

  run(rounds) {
    for (const agent of this.agents.values()) agent.reset();
    for (let t = 0; t < rounds; ++t) this.round();
  }

  round() {
    const ledger = new Map();
    for (const [id, agent] of this.agents) {
      ledger.set(id, agent.publish());
      agent.received = 0;
    }
    for (const agent of this.agents.values()) agent.allocate(ledger, this.agents);
    for (const agent of this.agents.values()) agent.aggregate();
  }

  answer() {
    const all = [...this.agents.values()];
    return ["satisfied", "received", "denominator"].map(
        (member) => Float64Array.from(all, (agent) => agent[member]));
  }
}

serve(new Network(readInputs(process.argv[2])));
