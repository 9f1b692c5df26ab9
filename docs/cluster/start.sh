#!/bin/sh
# Starts a run, or goes on with it where an earlier job was stopped, killed or moved elsewhere. RUN is its directory, LAUNCH what starts ranks.
#   RUN=/shared/runs/mine LAUNCH="srun --mpi=pmix" sh start.sh pretrain --data corpus.txt --preset gpt2
set -eu
if [ -f "$RUN/run.yaml" ]; then
	exec $LAUNCH finetune resume "$RUN"
fi
exec $LAUNCH finetune "$@" --output-dir "$RUN"
