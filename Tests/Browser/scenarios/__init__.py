"""What is played: these, and not those of the cluster, whose harness is used."""
