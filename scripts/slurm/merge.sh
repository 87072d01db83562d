#!/bin/bash
# Merges the parts of array.sh when all of them are done:
#   sbatch --dependency=afterok:ARRAY_JOB scripts/slurm/merge.sh OUT SHARDS
#SBATCH --job-name=needflow-merge
#SBATCH --cpus-per-task=1
#SBATCH --time=00:30:00
#SBATCH --requeue
set -u
out=$1
parts=()
for ((i = 1; i <= $2; i++)); do parts+=("${out%.h5}.part$i.h5"); done
"${NEEDFLOW:-needflow}" merge "$out" "${parts[@]}" --overwrite
code=$?
[ $code -ne 3 ] || exit 0  # some points have no result: the file says why
exit $code
