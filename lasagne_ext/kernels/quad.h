/* Four numbers of type REAL at once, and their transposition, for one REAL. Included by sample_typed.h. */
#if defined(__GNUC__)

typedef REAL TYPED(quad) __attribute__((vector_size(4 * sizeof(REAL)), may_alias));
#if WIDE_LANES == 16
typedef int32_t TYPED(indices) __attribute__((vector_size(4 * sizeof(REAL))));
#else
typedef int64_t TYPED(indices) __attribute__((vector_size(4 * sizeof(REAL))));
#endif

INLINE TYPED(quad) TYPED(load_quad)(const REAL *from)
{
    TYPED(quad) q;
    memcpy(&q, from, sizeof q);
    return q;
}

INLINE void TYPED(store_quad)(REAL *to, TYPED(quad) q)
{
    memcpy(to, &q, sizeof q);
}

/* Overwrites, or adds. */
INLINE void TYPED(put_doubles)(double *to, TYPED(quad) q, int add)
{
    typedef double doubles __attribute__((vector_size(4 * sizeof(double))));
    doubles sum = __builtin_convertvector(q, doubles), before;
    if (add) {
        memcpy(&before, to, sizeof before);
        sum += before;
    }
    memcpy(to, &sum, sizeof sum);
}

#if defined(__clang__)
#define MERGED(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define MERGED(a, b, i, j, k, l) __builtin_shuffle(a, b, (TYPED(indices)){i, j, k, l})
#endif

INLINE void TYPED(transpose)(TYPED(quad) *q)
{
    const TYPED(quad) a = MERGED(q[0], q[1], 0, 4, 1, 5), b = MERGED(q[0], q[1], 2, 6, 3, 7);
    const TYPED(quad) c = MERGED(q[2], q[3], 0, 4, 1, 5), d = MERGED(q[2], q[3], 2, 6, 3, 7);
    q[0] = MERGED(a, c, 0, 1, 4, 5);
    q[1] = MERGED(a, c, 2, 3, 6, 7);
    q[2] = MERGED(b, d, 0, 1, 4, 5);
    q[3] = MERGED(b, d, 2, 3, 6, 7);
}

#undef MERGED

#if WIDE_LANES == 16 && defined(__AVX512F__)
#include <immintrin.h>

static inline __mmask16 first_lanes(ptrdiff_t count) { return (__mmask16)((1u << count) - 1); }

/* Within each quarter, as transpose() does: four planes of 16 pixels to four channels of every fourth. */
INLINE void transpose_quarters(__m512 *r)
{
    const __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(r[0], r[1]));
    const __m512d b = _mm512_castps_pd(_mm512_unpackhi_ps(r[0], r[1]));
    const __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(r[2], r[3]));
    const __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(r[2], r[3]));
    r[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    r[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    r[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
    r[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
}

/* The quarters themselves, as if each were a number: from every fourth pixel to neighbours, and back. */
INLINE void exchange_quarters(__m512 *r)
{
    const __m512 a = _mm512_shuffle_f32x4(r[0], r[1], 0x44), b = _mm512_shuffle_f32x4(r[2], r[3], 0x44);
    const __m512 c = _mm512_shuffle_f32x4(r[0], r[1], 0xee), d = _mm512_shuffle_f32x4(r[2], r[3], 0xee);
    r[0] = _mm512_shuffle_f32x4(a, b, 0x88);
    r[1] = _mm512_shuffle_f32x4(a, b, 0xdd);
    r[2] = _mm512_shuffle_f32x4(c, d, 0x88);
    r[3] = _mm512_shuffle_f32x4(c, d, 0xdd);
}

/* As pack and unpack in patch.h, of four channels and at most 16 pixels. */
INLINE void pack_16(const float *restrict from, ptrdiff_t plane, ptrdiff_t channels, ptrdiff_t count,
                    float *restrict to, const int lanes)
{
    __m512 r[4];
    for (int k = 0; k < 4; ++k)
        r[k] = k < channels ? _mm512_maskz_loadu_ps(first_lanes(count), from + k * plane) : _mm512_setzero_ps();
    transpose_quarters(r);
    exchange_quarters(r);
    for (int k = 0; k < 4; ++k)
        if (lanes == 4 && count >= 4 * k + 4)
            _mm512_storeu_ps(to + 16 * k, r[k]);
        else if (lanes == 4 && count > 4 * k)
            _mm512_mask_storeu_ps(to + 16 * k, first_lanes(4 * (count - 4 * k)), r[k]);
        else {
#define STORE(quarter)                                                                           \
    if (4 * k + quarter < count)                                                                 \
        _mm_storeu_ps(to + (4 * k + quarter) * lanes, _mm512_extractf32x4_ps(r[k], quarter))
            STORE(0);
            STORE(1);
            STORE(2);
            STORE(3);
#undef STORE
        }
}

INLINE void unpack_16(const float *restrict from, ptrdiff_t plane, ptrdiff_t channels, ptrdiff_t count,
                      float *restrict to, const int lanes, const int add)
{
    const __mmask16 wanted = first_lanes(count);
    __m512 r[4];
    for (int k = 0; k < 4; ++k)
        if (lanes == 4)
            r[k] = _mm512_maskz_loadu_ps(count >= 4 * k + 4 ? first_lanes(16)
                                         : count > 4 * k ? first_lanes(4 * (count - 4 * k)) : 0, from + 16 * k);
        else {
            r[k] = _mm512_setzero_ps();
#define LOAD(quarter)                                                                            \
    if (4 * k + quarter < count)                                                                 \
        r[k] = _mm512_insertf32x4(r[k], _mm_loadu_ps(from + (4 * k + quarter) * lanes), quarter)
            LOAD(0);
            LOAD(1);
            LOAD(2);
            LOAD(3);
#undef LOAD
        }
    exchange_quarters(r);
    transpose_quarters(r);
    for (int k = 0; k < 4; ++k)
        if (k < channels) {
            if (add)
                r[k] = _mm512_add_ps(_mm512_maskz_loadu_ps(wanted, to + k * plane), r[k]);
            _mm512_mask_storeu_ps(to + k * plane, wanted, r[k]);
        }
}

/* Fewer pixels than these are not worth it. */
enum { WORTH_16 = 5 };
#endif
#endif
