/* Tiles of sums in registers, for one floating point type REAL; included by convolution_typed.h. */

#define LANES ((ptrdiff_t)(VECTOR_BYTES / sizeof(REAL)))

#if defined(__GNUC__)
typedef REAL TYPED(vector) __attribute__((vector_size(VECTOR_BYTES), may_alias));
#else
typedef struct { REAL lane[VECTOR_BYTES / sizeof(REAL)]; } TYPED(vector);
#endif

/*
 * sums[to[i]] += source[from[i] + step[t]] * packed[t], summed over t, for every i; rows of `vectors`
 * vectors. Where `to` is NULL, to[i] = i.
 */
INLINE void TYPED(tile)(const int rows, const int vectors, const REAL *source,
                        const ptrdiff_t *restrict from, const ptrdiff_t *restrict to,
                        const ptrdiff_t *restrict step, ptrdiff_t steps,
                        const TYPED(vector) *restrict packed, TYPED(vector) *restrict sums)
{
    const REAL *row[TILE_ROWS];
    TYPED(vector) *target[TILE_ROWS], sum[TILE_ROWS][2];
    for (int i = 0; i < rows; ++i) {
        row[i] = source + from[i];
        target[i] = sums + (to == NULL ? i : to[i]) * vectors;
        for (int v = 0; v < vectors; ++v)
            sum[i][v] = target[i][v];
    }
    for (ptrdiff_t t = 0; t < steps; ++t) {
        const ptrdiff_t at = step[t];
        for (int i = 0; i < rows; ++i) {
            const REAL value = row[i][at];
            for (int v = 0; v < vectors; ++v)
#if defined(__GNUC__)
                sum[i][v] += value * packed[t * vectors + v];
#else
                for (int lane = 0; lane < LANES; ++lane)
                    sum[i][v].lane[lane] += value * packed[t * vectors + v].lane[lane];
#endif
        }
    }
    for (int i = 0; i < rows; ++i)
        for (int v = 0; v < vectors; ++v)
            target[i][v] = sum[i][v];
}

#define TILE(count)                                                                              \
    for (; i + (count) <= rows; i += (count))                                                    \
        TYPED(tile)(count, vectors, source, from + i, to == NULL ? NULL : to + i, step, steps,   \
                    packed, to == NULL ? sums + i * vectors : sums)

INLINE void TYPED(tiles)(const int vectors, const REAL *source, const ptrdiff_t *from,
                         const ptrdiff_t *to, ptrdiff_t rows, const ptrdiff_t *step, ptrdiff_t steps,
                         const TYPED(vector) *packed, TYPED(vector) *sums)
{
    ptrdiff_t i = 0;
    TILE(TILE_ROWS);
    TILE(4);
    TILE(2);
    TILE(1);
}

/* All rows of sums and one panel of one or two vectors, a block of steps at a time. */
static void TYPED(panel)(int vectors, const REAL *source, const ptrdiff_t *from, const ptrdiff_t *to,
                         ptrdiff_t rows, const ptrdiff_t *step, ptrdiff_t steps,
                         const TYPED(vector) *packed, TYPED(vector) *sums)
{
    for (ptrdiff_t t = 0; t < steps; t += STEP_BLOCK) {
        const ptrdiff_t count = smaller(STEP_BLOCK, steps - t);
        const TYPED(vector) *block = packed + t * vectors;
        if (vectors == 2 && to == NULL)
            TYPED(tiles)(2, source, from, NULL, rows, step + t, count, block, sums);
        else if (vectors == 2)
            TYPED(tiles)(2, source, from, to, rows, step + t, count, block, sums);
        else
            TYPED(tiles)(1, source, from, to, rows, step + t, count, block, sums);
    }
}

/* Channels in panels of two vectors, a last one of one if that is enough. */
static inline int TYPED(panel_vectors)(ptrdiff_t first, ptrdiff_t channels)
{
    return channels - first > LANES ? 2 : 1;
}

static inline ptrdiff_t TYPED(panel_lanes)(ptrdiff_t channels)
{
    return (channels + LANES - 1) / LANES * LANES;
}

/* target[j * target_stride + i] = source[i * source_stride + j], by squares that fit the registers. */
static void TYPED(transpose)(const REAL *restrict source, ptrdiff_t source_stride, ptrdiff_t rows,
                             ptrdiff_t columns, REAL *restrict target, ptrdiff_t target_stride)
{
    enum { SIDE = 8 };
    for (ptrdiff_t i = 0; i < rows; i += SIDE)
        for (ptrdiff_t j = 0; j < columns; j += SIDE) {
            const REAL *from = source + i * source_stride + j;
            REAL *to = target + j * target_stride + i;
            if (i + SIDE <= rows && j + SIDE <= columns) {
                REAL square[SIDE][SIDE];
                for (int k = 0; k < SIDE; ++k)
                    memcpy(square[k], from + k * source_stride, sizeof square[k]);
                for (int l = 0; l < SIDE; ++l)
                    for (int k = 0; k < SIDE; ++k)
                        to[l * target_stride + k] = square[k][l];
            } else {
                for (ptrdiff_t l = 0; l < smaller(SIDE, columns - j); ++l)
                    for (ptrdiff_t k = 0; k < smaller(SIDE, rows - i); ++k)
                        to[l * target_stride + k] = from[k * source_stride + l];
            }
        }
}

/* Copies planes of size `inner` into the middle of planes of size `outer`, which are zero elsewhere. */
static void TYPED(copy_planes)(const REAL *restrict source, const ptrdiff_t *inner, REAL *restrict target,
                               const ptrdiff_t *outer, const ptrdiff_t *before, ptrdiff_t planes)
{
    for (ptrdiff_t plane = 0; plane < planes; ++plane)
        for (ptrdiff_t z = 0; z < inner[0]; ++z)
            for (ptrdiff_t y = 0; y < inner[1]; ++y) {
                const ptrdiff_t row = (plane * outer[0] + z + before[0]) * outer[1] + y + before[1];
                memcpy(target + row * outer[2] + before[2], source, (size_t)inner[2] * sizeof *source);
                source += inner[2];
            }
}
