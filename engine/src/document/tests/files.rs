//! Files written byte by byte: what no encoder writes, and what none would.

use image::RgbImage;

/// A block of EXIF that says nothing but how to turn the picture.
pub(super) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    block.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    block
}

/// One page of a TIFF with one strip.
#[derive(Debug, Clone)]
pub(super) struct TiffPage {
    pub(super) size: (u32, u32),
    /// Bits of each sample; as many as there are samples.
    pub(super) bits: Vec<u16>,
    /// 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK.
    pub(super) photometric: u16,
    /// 1 none, 4 CCITT group 4.
    pub(super) compression: u16,
    pub(super) orientation: u16,
    pub(super) color_map: Vec<u16>,
    pub(super) strip: Vec<u8>,
}

impl TiffPage {
    pub(super) fn rgb(picture: &RgbImage) -> Self {
        Self {
            size: picture.dimensions(),
            bits: vec![8; 3],
            photometric: 2,
            compression: 1,
            orientation: 1,
            color_map: Vec::new(),
            strip: picture.as_raw().clone(),
        }
    }

    pub(super) fn grey(size: (u32, u32), bits: u16, strip: &[u8]) -> Self {
        Self {
            size,
            bits: vec![bits],
            photometric: 1,
            strip: strip.to_vec(),
            ..Self::rgb(&RgbImage::new(1, 1))
        }
    }
}

/// A little-endian TIFF: for each page its directory, its lists and its strip.
pub(super) fn tiff(pages: &[TiffPage]) -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    for (index, page) in pages.iter().enumerate() {
        append(&mut file, page, index + 1 == pages.len());
    }
    file
}

fn append(file: &mut Vec<u8>, page: &TiffPage, is_last: bool) {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    const ENTRIES: usize = 11;
    let lists_at = file.len() + 2 + 12 * ENTRIES + 4;
    let strip_at = lists_at + 2 * page.bits.len() + 2 * page.color_map.len();
    let next = if is_last { 0 } else { (strip_at + page.strip.len()).next_multiple_of(2) };
    let bits = match page.bits[..] {
        [one] => u32::from(one),
        _ => number(lists_at),
    };
    let map_at = number(lists_at + 2 * page.bits.len());
    let entries: [(u16, u16, usize, u32); ENTRIES] = [
        (256, LONG, 1, page.size.0),
        (257, LONG, 1, page.size.1),
        (258, SHORT, page.bits.len(), bits),
        (259, SHORT, 1, page.compression.into()),
        (262, SHORT, 1, page.photometric.into()),
        (273, LONG, 1, number(strip_at)),
        (274, SHORT, 1, page.orientation.into()),
        (277, SHORT, 1, number(page.bits.len())),
        (278, LONG, 1, page.size.1),
        (279, LONG, 1, number(page.strip.len())),
        // A page without a colour map has a tag that nobody knows in its place.
        (if page.color_map.is_empty() { 65_000 } else { 320 }, SHORT, page.color_map.len(), map_at),
    ];
    file.extend_from_slice(&(ENTRIES as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend_from_slice(&tag.to_le_bytes());
        file.extend_from_slice(&kind.to_le_bytes());
        file.extend_from_slice(&number(count).to_le_bytes());
        file.extend_from_slice(&value.to_le_bytes());
    }
    file.extend_from_slice(&number(next).to_le_bytes());
    for value in page.bits.iter().chain(&page.color_map) {
        file.extend_from_slice(&value.to_le_bytes());
    }
    file.extend_from_slice(&page.strip);
    file.resize(file.len().next_multiple_of(2), 0);
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap()
}

/// A PNG whose header claims a size; its data is `rows`, stored without compression.
pub(super) fn png(size: (u32, u32), bits: u8, color: u8, palette: &[u8], rows: &[u8]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [size.0.to_be_bytes(), size.1.to_be_bytes()].concat();
    header.extend_from_slice(&[bits, color, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    if !palette.is_empty() {
        chunk(&mut file, b"PLTE", palette);
    }
    let length = u16::try_from(rows.len()).unwrap();
    let mut data = vec![0x78, 0x01, 1];
    data.extend_from_slice(&length.to_le_bytes());
    data.extend_from_slice(&(!length).to_le_bytes());
    data.extend_from_slice(rows);
    let (a, b) = rows.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    });
    data.extend_from_slice(&((b << 16) | a).to_be_bytes());
    chunk(&mut file, b"IDAT", &data);
    chunk(&mut file, b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend_from_slice(&number(data.len()).to_be_bytes());
    let from = file.len();
    file.extend_from_slice(name);
    file.extend_from_slice(data);
    let mut sum = u32::MAX;
    for byte in file[from..].iter() {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    file.extend_from_slice(&(!sum).to_be_bytes());
}

/// A bitmap of 24 bits per pixel that claims a size.
pub(super) fn bmp((width, height): (i32, i32), rows: &[u8]) -> Vec<u8> {
    let mut file = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    file.extend_from_slice(&width.to_le_bytes());
    file.extend_from_slice(&height.to_le_bytes());
    file.extend_from_slice(b"\x01\0\x18\0");
    file.resize(54, 0);
    file.extend_from_slice(rows);
    file
}

/// Eight by eight pixels of magenta ink, as Adobe's programs store it: inverted, in four components.
///
/// The tables are the smallest that will do: one bit for "no change" and two for "a change of 7 bits".
pub(super) fn cmyk_jpeg() -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0".to_vec();
    file.extend_from_slice(b"\xff\xdb\0\x43\0");
    file.extend_from_slice(&[8; 64]);
    file.extend_from_slice(b"\xff\xc0\0\x14\x08\0\x08\0\x08\x04");
    for component in 1..=4 {
        file.extend_from_slice(&[component, 0x11, 0]);
    }
    file.extend_from_slice(b"\xff\xc4\0\x15\0\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07");
    file.extend_from_slice(b"\xff\xc4\0\x14\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    file.extend_from_slice(b"\xff\xda\0\x0e\x04\x01\0\x02\0\x03\0\x04\0\0\x3f\0");
    file.extend_from_slice(b"\xbf\xa0\x0b\xfa\xfe\xff\xd9");
    file
}
