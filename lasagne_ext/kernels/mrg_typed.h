/* MRG31k3p for one floating point type REAL; the template of mrg.c. */

API int TYPED(mrg_uniform)(const int32_t *state, int32_t *new_state, REAL *sample, const mrg_draw *d)
{
    const ptrdiff_t blocks = (d->streams + STREAM_BLOCK - 1) / STREAM_BLOCK;
    /* The greatest float below 2**-31: a difference is rounded up to 2**31, and 1 must not be drawn. */
    const REAL norm = sizeof(REAL) == sizeof(float) ? (REAL)0x1.fffffep-32f : (REAL)0x1p-31;
#pragma omp parallel for schedule(static) num_threads((int)d->threads)
    for (ptrdiff_t block = 0; block < blocks; ++block) {
        const ptrdiff_t start = block * STREAM_BLOCK;
        const ptrdiff_t width = smaller(STREAM_BLOCK, d->streams - start);
        int32_t difference[STREAM_BLOCK];
        mrg_block x;
        load(&x, state + 6 * start, width);
        for (ptrdiff_t first = start; first < d->count; first += d->streams) {
            const ptrdiff_t drawn = smaller(width, d->count - first);
            advance(&x, difference, drawn);
            for (ptrdiff_t p = 0; p < drawn; ++p)
                sample[first + p] = (REAL)difference[p] * norm;
        }
        store(&x, new_state + 6 * start, width);
    }
    return 0;
}
