/* What this processor can run, and how the library was built. Compiled once, for the baseline. */
#include "common.h"

#ifdef _OPENMP
#include <omp.h>
#endif

/* 0: baseline, 1: AVX2 and FMA, 2: AVX-512. Kept in step with ISAS in _library.py. */
API int processor_level(void)
{
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return 1;
#endif
    return 0;
}

/* setup.py defines FINGERPRINT, by which the loader knows a library that is out of date. */
API const char *source_fingerprint(void)
{
    return FINGERPRINT;
}

API int built_with_openmp(void)
{
#ifdef _OPENMP
    return 1;
#else
    return 0;
#endif
}

API int default_threads(void)
{
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

static int threads;

/* How many threads kernels may use that are not told so with every call. */
API void set_threads(int count)
{
    threads = count;
}

int worthwhile_threads(double work, double work_of_a_thread)
{
    const int allowed = threads > 0 ? threads : default_threads();
    return work < allowed * work_of_a_thread ? 1 + (int)(work / work_of_a_thread) : allowed;
}
