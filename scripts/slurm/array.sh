#!/bin/bash
# One sweep as a job array, a shard an element; merge.sh then makes one file of them. Submitted by
#   scripts/slurm/submit-array SCENARIO OUT SHARDS [sbatch's options]
# or by hand:
#   sbatch --array=1-7 scripts/slurm/array.sh SCENARIO OUT
# An element that ends too soon (time limit, preemption, scontrol requeue) goes on from its journal.
#SBATCH --job-name=needflow-shards
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --signal=USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -u
scenario=$1
out=$2
needflow=${NEEDFLOW:-needflow}
shard=$SLURM_ARRAY_TASK_ID/${NEEDFLOW_SHARDS:-$SLURM_ARRAY_TASK_COUNT}
part=${out%.h5}.part$SLURM_ARRAY_TASK_ID.h5

# --signal without "B:" reaches the step, not this shell. srun has not taken over --cpus-per-task since 22.05.
srun --ntasks=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" \
  "$needflow" sweep "$scenario" -o "$part" --shard "$shard" --resume
code=$?
case $code in
  # By element: the last element's own number is that of the whole array.
  75) scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" ;;
  3) echo "shard $shard: some points have no result; the file says why" >&2; exit 0 ;;
esac
exit $code
