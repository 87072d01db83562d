#!/bin/bash
# One sweep over many nodes by MPI: a rank a task, tasks handed out as ranks ask for them.
#   sbatch --ntasks=8 --cpus-per-task=16 scripts/slurm/mpi.sh SCENARIO OUT
# Each rank keeps its own journal, so neither a killed rank nor a time limit costs another's results; after
# either, the job goes back to the queue and on from the journals, on any number of ranks.
#SBATCH --job-name=needflow-mpi
#SBATCH --ntasks=2
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --signal=USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -u
scenario=$1
out=$2

# srun and not mpirun: under mpirun --signal never reaches the program. pmix serves Open MPI, pmi2 MPICH.
srun --mpi="${NEEDFLOW_SRUN_MPI:-pmix}" --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --kill-on-bad-exit=0 \
  "${NEEDFLOW:-needflow}" sweep "$scenario" -o "$out" --resume
code=$?
case $code in
  75) scontrol requeue "$SLURM_JOB_ID" ;;
  3) echo "some points have no result; the file says why" >&2; exit 0 ;;
esac
exit $code
