"""What tests share: accounts, people and clients, the apps in this process and stacks behind nginx, answers and how to wait."""
