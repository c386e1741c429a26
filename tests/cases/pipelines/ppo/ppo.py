import torch
from torch import nn
from torch.distributions import Categorical


class Agent(nn.Module):
    def __init__(self, observations=4, actions=2, width=64):
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(observations, width), nn.Tanh(), nn.Linear(width, actions))
        self.critic = nn.Sequential(nn.Linear(observations, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, states, actions=None):
        spread = Categorical(logits=self.actor(states))
        if actions is None:
            actions = spread.sample()
        return actions, spread.log_prob(actions), spread.entropy(), self.critic(states)


def rollout(agent, environment, length):
    states, actions, chances, rewards = [], [], [], []
    state = environment.reset()
    for _ in range(length):
        with torch.no_grad():
            action, chance, _, _ = agent(state)
        states.append(state)
        actions.append(action)
        chances.append(chance)
        state, reward = environment.step(action)
        rewards.append(reward)
    return torch.stack(states), torch.stack(actions), torch.stack(chances), torch.tensor(rewards)


def train(environment, clip=0.2, value_share=0.5, entropy_share=0.01, epochs=4, updates=100):
    torch.manual_seed(1)
    agent = Agent()
    optimizer = torch.optim.Adam(agent.parameters(), lr=2.5e-4, eps=1e-5)
    for update in range(updates):
        states, actions, before, rewards = rollout(agent, environment, 128)
        for epoch in range(epochs):
            _, now, entropy, values = agent(states, actions)
            ratio = (now - before).exp()
            gain = rewards - values.detach().squeeze(-1)
            policy_loss = torch.max(-gain * ratio, -gain * ratio.clamp(1 - clip, 1 + clip)).mean()
            value_loss = 0.5 * ((values.squeeze(-1) - rewards) ** 2).mean()
            loss = policy_loss + value_share * value_loss - entropy_share * entropy.mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            optimizer.step()


if __name__ == "__main__":
    from worlds import World

    train(World())
