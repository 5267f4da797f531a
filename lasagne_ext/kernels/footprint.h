/*
 * Anti-aliased sampling for one floating point type REAL: every point of a grid is a weighted mean of
 * samples around it, spread as its footprint says. Included by sample_typed.h.
 *
 * The samples are handled in batches, as the points of plain sampling are in tiles.
 */

/* At most so many samples before and after the point, along each direction: MOST_TAPS in oracle.py. */
#define MOST_STEPS 31

typedef struct {
    REAL batch[TILE_POINTS * WIDE_LANES];     /* values of the samples, or their gradients */
    double at[3][TILE_POINTS];                /* of the tile's points */
    double spread[9][TILE_POINTS];            /* of coordinate r along direction d, at r * rank + d */
    double grad[3][TILE_POINTS], spread_grad[9][TILE_POINTS];
    int steps[3][TILE_POINTS];
    double step[3][TILE_POINTS], share[3][TILE_POINTS];        /* from a sample to the next; the least weight */
    /* of the batch's samples: whose they are, how far along each direction, what they weigh */
    int32_t point[TILE_POINTS];
    double offset[3][TILE_POINTS], weight[TILE_POINTS];
    ptrdiff_t next_point, next_sample;
} TYPED(footprints);

_Static_assert(WORK_BYTES + sizeof(TYPED(footprints)) <= FOOTPRINT_BYTES, "a thread's share is too small");

static double TYPED(number)(const void *numbers, const geometry *g, ptrdiff_t at)
{
    return g->points_are_double ? ((const double *)numbers)[at] : (double)((const float *)numbers)[at];
}

static void TYPED(put_number)(void *numbers, const geometry *g, ptrdiff_t at, double value)
{
    if (g->points_are_double)
        ((double *)numbers)[at] = value;
    else
        ((float *)numbers)[at] = (float)value;
}

/* Index of a tile's point in the output's plane or volume. */
static ptrdiff_t TYPED(nth_of_tile)(const geometry *g, const tile *t, ptrdiff_t p)
{
    const ptrdiff_t j = p % t->count[0], i = p / t->count[0] % t->count[1];
    return first_of_row(g, t, p / (t->count[0] * t->count[1]), i) + j;
}

static void TYPED(read_footprints)(TYPED(footprints) *f, const geometry *g, ptrdiff_t n, const tile *t,
                                   const void *footprints)
{
    const ptrdiff_t count = volume(t->count), entries = g->rank * g->rank;
    for (ptrdiff_t p = 0; p < count; ++p) {
        const ptrdiff_t first = (n * volume(g->out_size) + TYPED(nth_of_tile)(g, t, p)) * entries;
        double bad = 0;
        for (ptrdiff_t e = 0; e < entries; ++e) {
            f->spread[e][p] = TYPED(number)(footprints, g, first + e);
            bad += 0 * f->spread[e][p];
        }
        for (ptrdiff_t d = 0; d < g->rank; ++d) {
            double square = 0;
            for (ptrdiff_t r = 0; r < g->rank; ++r)
                square += f->spread[r * g->rank + d][p] * f->spread[r * g->rank + d][p];
            /* Nor is a point anywhere whose footprint is not finite. */
            const int steps = bad == 0 ? (int)fmin(ceil(sqrt(square)), MOST_STEPS) : 0;
            f->steps[d][p] = steps;
            f->step[d][p] = steps ? 1 / sqrt((double)((steps + 1) * (steps + 1) - 1)) : 0;
            f->share[d][p] = 1. / ((steps + 1) * (steps + 1));
        }
        for (ptrdiff_t r = 0; r < g->rank; ++r)
            f->at[r][p] += bad;
    }
    memset(f->grad, 0, sizeof f->grad);
    memset(f->spread_grad, 0, sizeof f->spread_grad);
}

/* The next samples, as coordinates in the work; their number, 0 when there are no more. */
static ptrdiff_t TYPED(next_batch)(TYPED(footprints) *f, const geometry *g, ptrdiff_t points, TYPED(work) *w)
{
    ptrdiff_t count = 0;
    while (f->next_point < points && count < TILE_POINTS) {
        const ptrdiff_t p = f->next_point;
        ptrdiff_t rest = f->next_sample++;
        double weight = 1;
        for (ptrdiff_t d = 0; d < g->rank; ++d) {
            const int steps = f->steps[d][p], m = (int)(rest % (2 * steps + 1)) - steps;
            rest /= 2 * steps + 1;
            f->offset[d][count] = m * f->step[d][p];
            weight *= (steps + 1 - abs(m)) * f->share[d][p];
        }
        if (rest) {                                             /* this point has no more samples */
            ++f->next_point;
            f->next_sample = 0;
            continue;
        }
        for (ptrdiff_t r = 0; r < g->rank; ++r) {
            double x = f->at[r][p];
            for (ptrdiff_t d = 0; d < g->rank; ++d)
                if (f->steps[d][p])
                    x += f->offset[d][count] * f->spread[r * g->rank + d][p];
            w->at[r][count] = x;
        }
        f->point[count] = (int32_t)p;
        f->weight[count++] = weight;
    }
    return count;
}

/* The batch's share in the gradients of its points. */
static void TYPED(add_to_points)(TYPED(footprints) *f, const geometry *g, const TYPED(work) *w)
{
    for (ptrdiff_t s = 0; s < w->count; ++s) {
        const ptrdiff_t p = f->point[s];
        for (ptrdiff_t r = 0; r < g->rank; ++r) {
            f->grad[r][p] += w->grad[r][s];
            for (ptrdiff_t d = 0; d < g->rank; ++d)
                f->spread_grad[r * g->rank + d][p] += w->grad[r][s] * f->offset[d][s];
        }
    }
}

static void TYPED(store_footprint_grads)(const TYPED(footprints) *f, const geometry *g, ptrdiff_t n,
                                         const tile *t, void *grid_grad, void *footprint_grad)
{
    const ptrdiff_t count = volume(t->count), entries = g->rank * g->rank;
    for (ptrdiff_t p = 0; p < count; ++p) {
        const ptrdiff_t point = n * volume(g->out_size) + TYPED(nth_of_tile)(g, t, p);
        double bad = 0;                       /* also where there are no channels */
        for (ptrdiff_t r = 0; r < g->rank; ++r)
            bad += 0 * f->at[r][p];
        for (ptrdiff_t r = 0; r < g->rank; ++r)
            TYPED(put_number)(grid_grad, g, point * g->rank + r,
                              half_extent(g->size[r], g->align_corners) * f->grad[r][p] + bad);
        for (ptrdiff_t e = 0; e < entries; ++e)
            TYPED(put_number)(footprint_grad, g, point * entries + e, f->spread_grad[e][p] + bad);
    }
}

API int EXPORTED(footprint_forward)(const REAL *images, const void *grid, const void *footprints, REAL *out,
                                    const geometry *g, const double *cubic, char *workspace)
{
    const ptrdiff_t tiles = count_tiles(g), plane = volume(g->size), out_plane = volume(g->out_size);
#pragma omp parallel num_threads(threads_for(g))
    {
        char *share = workspace + (ptrdiff_t)FOOTPRINT_BYTES * thread_number();
        TYPED(work) *w = (TYPED(work) *)share;
        TYPED(footprints) *f = (TYPED(footprints) *)(share + WORK_BYTES);
#pragma omp for schedule(static)
        for (ptrdiff_t unit = 0; unit < g->transforms * tiles; ++unit) {
            const ptrdiff_t n = unit / tiles;
            const tile t = nth_tile(g, unit % tiles);
            const ptrdiff_t points = volume(t.count);
            coordinates(grid, g, n, &t, f->at);
            TYPED(read_footprints)(f, g, n, &t, footprints);
            for (ptrdiff_t c = 0, lanes; c < g->channels; c += lanes) {
                lanes = TYPED(lanes_for)(g->channels - c);
                const ptrdiff_t channels = smaller(lanes, g->channels - c);
                ptrdiff_t count;
                memset(w->tile, 0, (size_t)(points * lanes) * sizeof *w->tile);
                f->next_point = f->next_sample = 0;
                while ((count = TYPED(next_batch)(f, g, points, w)) > 0) {
                    TYPED(find_neighbours)(w, g, count, *cubic, 0);
                    TYPED(values_at_points)(w, g, TYPED(image_of)(images, g, n) + c * plane, (int)lanes,
                                            channels, f->batch);
                    for (ptrdiff_t s = 0; s < count; ++s)
                        for (ptrdiff_t l = 0; l < lanes; ++l) {
                            REAL *value = w->tile + f->point[s] * lanes + l;
                            const REAL share = f->batch[s * lanes + l];
                            *value = f->weight[s] == 1 ? share : *value + (REAL)f->weight[s] * share;
                        }
                }
                TYPED(move_tile)(w->tile, out + (n * g->channels + c) * out_plane, g, &t, (int)lanes, channels,
                                 0);
            }
        }
    }
    return 0;
}

API int EXPORTED(footprint_backward)(const REAL *images, const void *grid, const void *footprints,
                                     const REAL *output_grad, REAL *input_grad, void *grid_grad,
                                     void *footprint_grad, const geometry *g, const double *cubic,
                                     char *workspace)
{
    const ptrdiff_t tiles = count_tiles(g), per_image = g->images ? g->transforms / g->images : 0;
    const ptrdiff_t plane = volume(g->size), out_plane = volume(g->out_size);
#pragma omp parallel num_threads(threads_for(g))
    {
        char *share = workspace + (ptrdiff_t)FOOTPRINT_BYTES * thread_number();
        TYPED(work) *w = (TYPED(work) *)share;
        TYPED(footprints) *f = (TYPED(footprints) *)(share + WORK_BYTES);
#pragma omp for schedule(static)
        for (ptrdiff_t b = 0; b < g->images; ++b) {
            REAL *image_grad = input_grad + b * g->channels * plane;
            memset(image_grad, 0, (size_t)(g->channels * plane) * sizeof *image_grad);
            for (ptrdiff_t unit = b * per_image * tiles; unit < (b + 1) * per_image * tiles; ++unit) {
                const ptrdiff_t n = unit / tiles;
                const tile t = nth_tile(g, unit % tiles);
                const ptrdiff_t points = volume(t.count);
                coordinates(grid, g, n, &t, f->at);
                TYPED(read_footprints)(f, g, n, &t, footprints);
                for (ptrdiff_t c = 0, lanes; c < g->channels; c += lanes) {
                    lanes = TYPED(lanes_for)(g->channels - c);
                    const ptrdiff_t channels = smaller(lanes, g->channels - c);
                    ptrdiff_t count;
                    TYPED(move_tile)(w->tile, (REAL *)output_grad + (n * g->channels + c) * out_plane, g, &t,
                                     (int)lanes, channels, 1);
                    f->next_point = f->next_sample = 0;
                    while ((count = TYPED(next_batch)(f, g, points, w)) > 0) {
                        TYPED(find_neighbours)(w, g, count, *cubic, 1);
                        TYPED(start_sums)(w);
                        for (ptrdiff_t s = 0; s < count; ++s)
                            for (ptrdiff_t l = 0; l < lanes; ++l)
                                f->batch[s * lanes + l] = (REAL)f->weight[s] * w->tile[f->point[s] * lanes + l];
                        TYPED(grads_at_points)(w, g, images + (b * g->channels + c) * plane,
                                               image_grad + c * plane, 1, (int)lanes, channels, f->batch);
                        TYPED(finish_sums)(w, g);
                        TYPED(add_to_points)(f, g, w);
                    }
                }
                TYPED(store_footprint_grads)(f, g, n, &t, grid_grad, footprint_grad);
            }
        }
    }
    return 0;
}

#undef MOST_STEPS
