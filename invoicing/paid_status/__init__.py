"""What is paid: asking KashFlow, judging what it says, writing what changed (transfer.md, Cancel, credit, payments)."""
