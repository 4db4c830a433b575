#include "agent/agents.h"

#include <array>

namespace aileron::agent {

namespace {

constexpr std::array<Agent, 4> kAgents = {{
    {"claude", "claude", "npm install -g @anthropic-ai/claude-code"},
    {"codex", "codex", "npm install -g @openai/codex"},
    {"gemini", "gemini", "npm install -g @google/gemini-cli"},
    {"opencode", "opencode", "npm install -g opencode-ai"},
}};

}  // namespace

std::span<const Agent> Agents() { return kAgents; }

const Agent* FindAgent(std::string_view name) {
  for (const Agent& one : kAgents) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace aileron::agent
