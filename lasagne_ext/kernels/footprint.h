/*
 * Anti-aliased sampling for one floating point type REAL: every point of a grid is a weighted mean of
 * samples around it, spread as its footprint says. Included by sample_typed.h.
 *
 * The samples are handled in batches, as the points of plain sampling are in tiles.
 */
typedef struct {
    REAL batch[TILE_POINTS * WIDE_LANES];     /* values of the samples, or their gradients */
    double coord[3][TILE_POINTS];             /* of the tile's points */
    double spread[9][TILE_POINTS];            /* of coordinate r along direction d, at r * rank + d */
    double grad[3][TILE_POINTS], spread_grad[9][TILE_POINTS];
    int steps[3][TILE_POINTS];
    double step[3][TILE_POINTS];              /* from a sample to the next */
    double unit_weight[3][TILE_POINTS];       /* of the outermost sample */
    /* of the batch's samples: whose they are, how far along each direction, what they weigh */
    int32_t point[TILE_POINTS];
    double offset[3][TILE_POINTS], weight[TILE_POINTS];
    ptrdiff_t next_point, next_sample;
} TYPED(footprints);

_Static_assert(WORKSPACE_BYTES + sizeof(TYPED(footprints)) <= FOOTPRINT_BYTES,
               "a thread's memory is too small");

static void TYPED(read_footprints)(TYPED(footprints) *f, const geometry *g, ptrdiff_t n, const tile *t,
                                   const void *footprints)
{
    const ptrdiff_t count = volume(t->count), entries = g->rank * g->rank;
    for (ptrdiff_t p = 0; p < count; ++p) {
        const ptrdiff_t first = (n * volume(g->out_size) + point_index(g, t, p)) * entries;
        double nonfinite = 0;
        for (ptrdiff_t e = 0; e < entries; ++e) {
            f->spread[e][p] = load_number(footprints, g->points_are_double != 0, first + e);
            nonfinite += 0 * f->spread[e][p];
        }
        for (ptrdiff_t d = 0; d < g->rank; ++d) {
            double square = 0;
            for (ptrdiff_t r = 0; r < g->rank; ++r)
                square += f->spread[r * g->rank + d][p] * f->spread[r * g->rank + d][p];
            /* A point whose footprint is not finite counts as not finite itself. */
            const int steps = nonfinite == 0 ? (int)fmin(ceil(sqrt(square)), MAX_STEPS) : 0;
            f->steps[d][p] = steps;
            f->step[d][p] = steps ? 1 / sqrt((double)((steps + 1) * (steps + 1) - 1)) : 0;
            f->unit_weight[d][p] = 1. / ((steps + 1) * (steps + 1));
        }
        for (ptrdiff_t r = 0; r < g->rank; ++r)
            f->coord[r][p] += nonfinite;
    }
    memset(f->grad, 0, sizeof f->grad);
    memset(f->spread_grad, 0, sizeof f->spread_grad);
}

/* The next samples, as coordinates in the workspace; their number, 0 when there are no more. */
static ptrdiff_t TYPED(next_batch)(TYPED(footprints) *f, const geometry *g, ptrdiff_t points,
                                   TYPED(workspace) *w)
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
            weight *= (steps + 1 - abs(m)) * f->unit_weight[d][p];
        }
        if (rest) {                                             /* this point has no more samples */
            ++f->next_point;
            f->next_sample = 0;
            continue;
        }
        for (ptrdiff_t r = 0; r < g->rank; ++r) {
            double x = f->coord[r][p];
            for (ptrdiff_t d = 0; d < g->rank; ++d)
                if (f->steps[d][p])
                    x += f->offset[d][count] * f->spread[r * g->rank + d][p];
            w->coord[r][count] = x;
        }
        f->point[count] = (int32_t)p;
        f->weight[count++] = weight;
    }
    return count;
}

/* Adds the batch's gradients to those of its points. */
static void TYPED(add_to_points)(TYPED(footprints) *f, const geometry *g, const TYPED(workspace) *w)
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
        const ptrdiff_t point = n * volume(g->out_size) + point_index(g, t, p);
        double nonfinite = 0;                       /* also where there are no channels */
        for (ptrdiff_t r = 0; r < g->rank; ++r)
            nonfinite += 0 * f->coord[r][p];
        for (ptrdiff_t r = 0; r < g->rank; ++r)
            store_number(grid_grad, g->points_are_double != 0, point * g->rank + r,
                         half_extent(g->size[r], g->align_corners) * f->grad[r][p] + nonfinite);
        for (ptrdiff_t e = 0; e < entries; ++e)
            store_number(footprint_grad, g->points_are_double != 0, point * entries + e,
                         f->spread_grad[e][p] + nonfinite);
    }
}

API int TYPED(footprint_forward)(const REAL *images, const void *grid, const void *footprints, REAL *out,
                                 const geometry *g, const double *cubic, char *memory)
{
    const ptrdiff_t tiles = count_tiles(g), plane = volume(g->size), out_plane = volume(g->out_size);
#pragma omp parallel num_threads(threads_for(g))
    {
        char *thread_memory = memory + (ptrdiff_t)FOOTPRINT_BYTES * thread_number();
        TYPED(workspace) *w = (TYPED(workspace) *)thread_memory;
        TYPED(footprints) *f = (TYPED(footprints) *)(thread_memory + WORKSPACE_BYTES);
#pragma omp for schedule(static)
        for (ptrdiff_t unit = 0; unit < g->transforms * tiles; ++unit) {
            const ptrdiff_t n = unit / tiles;
            const tile t = get_tile(g, unit % tiles);
            const ptrdiff_t points = volume(t.count);
            coordinates(grid, g, n, &t, f->coord);
            TYPED(read_footprints)(f, g, n, &t, footprints);
            for (ptrdiff_t c = 0, lanes; c < g->channels; c += lanes) {
                lanes = TYPED(lanes_for)(g->channels - c);
                const ptrdiff_t channels = smaller(lanes, g->channels - c);
                ptrdiff_t count;
                memset(w->tile, 0, (size_t)(points * lanes) * sizeof *w->tile);
                f->next_point = f->next_sample = 0;
                while ((count = TYPED(next_batch)(f, g, points, w)) > 0) {
                    TYPED(find_neighbours)(w, g, count, *cubic, 0);
                    TYPED(forward_channels)(w, g, TYPED(image_of)(images, g, n) + c * plane, (int)lanes,
                                            channels, f->batch);
                    for (ptrdiff_t s = 0; s < count; ++s)
                        for (ptrdiff_t l = 0; l < lanes; ++l) {
                            REAL *value = w->tile + f->point[s] * lanes + l;
                            const REAL sample = f->batch[s * lanes + l];
                            *value = f->weight[s] == 1 ? sample : *value + (REAL)f->weight[s] * sample;
                        }
                }
                TYPED(move_tile)(w->tile, out + (n * g->channels + c) * out_plane, g, &t, (int)lanes, channels,
                                 0);
            }
        }
    }
    return 0;
}

API int TYPED(footprint_backward)(const REAL *images, const void *grid, const void *footprints,
                                  const REAL *output_grad, REAL *input_grad, void *grid_grad,
                                  void *footprint_grad, const geometry *g, const double *cubic,
                                  char *memory)
{
    const ptrdiff_t tiles = count_tiles(g), per_image = g->images ? g->transforms / g->images : 0;
    const ptrdiff_t plane = volume(g->size), out_plane = volume(g->out_size);
#pragma omp parallel num_threads(threads_for(g))
    {
        char *thread_memory = memory + (ptrdiff_t)FOOTPRINT_BYTES * thread_number();
        TYPED(workspace) *w = (TYPED(workspace) *)thread_memory;
        TYPED(footprints) *f = (TYPED(footprints) *)(thread_memory + WORKSPACE_BYTES);
#pragma omp for schedule(static)
        for (ptrdiff_t b = 0; b < g->images; ++b) {
            REAL *image_grad = input_grad + b * g->channels * plane;
            memset(image_grad, 0, (size_t)(g->channels * plane) * sizeof *image_grad);
            for (ptrdiff_t unit = b * per_image * tiles; unit < (b + 1) * per_image * tiles; ++unit) {
                const ptrdiff_t n = unit / tiles;
                const tile t = get_tile(g, unit % tiles);
                const ptrdiff_t points = volume(t.count);
                coordinates(grid, g, n, &t, f->coord);
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
                        TYPED(backward_channels)(w, g, images + (b * g->channels + c) * plane,
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
